#include "speed/pending.h"

#include <string.h>

#include "base/time.h"

/* Names that outlive what referred to them, since most come again: learning and sorting a city's for each roll took a
 * tenth of the CPU time. More are forgotten all together. */
#define NAMES_KEPT (1u << 18)

/* Bytes that DuckDB takes to encode a row, its names included, as measured. */
#define ROW_ENCODING 160

/* With a limit of memory, names and sums keep this part of it, so that most of it is for what comes. */
#define MEMORY_KEPT 4

void pending_init(struct pending *pending, const struct job *job)
{
    *pending = (struct pending){.totals = totals_new(),
                                .archive = job->archive,
                                .memory_max = job->pending_memory,
                                .rows = {.limits = job->rows_limits}};
    for (size_t i = 0; i < CONSUMER_READ_MAX; i++)
        decoder_init(&pending->ahead[i].decoder, job->record_limits);
    dictionary_init(&pending->dictionary);
    rejected_drop(&pending->rejected);
}

void pending_release(struct pending *pending)
{
    for (size_t i = 0; i < CONSUMER_READ_MAX; i++)
        decoder_release(&pending->ahead[i].decoder);
    dictionary_release(&pending->dictionary);
    totals_free(pending->totals);
    rejected_release(&pending->rejected);
    rows_clear(&pending->rows);
}

static bool keeps_names(const struct pending *pending)
{
    return dictionary_count(&pending->dictionary) <= NAMES_KEPT &&
           (!pending->memory_max || dictionary_memory(&pending->dictionary) <= pending->memory_max / MEMORY_KEPT);
}

/* A table of sums that a flood has made large is not kept either. */
static void drop_totals(struct pending *pending)
{
    totals_clear(pending->totals);
    if (!pending->memory_max || totals_memory(pending->totals) <= pending->memory_max / MEMORY_KEPT)
        return;
    totals_free(pending->totals);
    pending->totals = totals_new();
}

void pending_commit(struct pending *pending)
{
    totals_clear(pending->totals);
    rejected_begin(&pending->rejected);
    memset(pending->rejected_reasons, 0, sizeof(pending->rejected_reasons));
}

void pending_drop(struct pending *pending)
{
    drop_totals(pending);
    rejected_drop(&pending->rejected);
    memset(pending->rejected_reasons, 0, sizeof(pending->rejected_reasons));
    rows_clear(&pending->rows);
    if (keeps_names(pending))
        return;
    dictionary_clear(&pending->dictionary);
    for (size_t i = 0; i < CONSUMER_READ_MAX; i++)
        pending->ahead[i].coded = false;
}

void pending_decode(struct pending *pending, const struct message *messages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct decoded *decoded = &pending->ahead[i];
        const struct message *message = &messages[i];

        decoded->rejected = parse_json_data(&decoded->decoder, message->data, message->size, message->arrival,
                                            &decoded->record, &decoded->reject);
        if (decoded->rejected)
            continue;
        dictionary_hash(&decoded->record, decoded->hashes);
        dictionary_fetch_slots(&pending->dictionary, decoded->hashes);
    }
}

void pending_intern(struct pending *pending, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!pending->ahead[i].rejected)
            dictionary_fetch_names(&pending->dictionary, pending->ahead[i].hashes);
    for (size_t i = 0; i < count; i++) {
        struct decoded *decoded = &pending->ahead[i];

        decoded->coded = !decoded->rejected && dictionary_encode(&pending->dictionary, &decoded->record,
                                                                 decoded->hashes, &decoded->event) == 0;
        if (decoded->coded)
            totals_fetch(pending->totals, &decoded->event);
    }
}

static int take_rejected(struct pending *pending, struct partition *partition, const struct message *message,
                         const struct reject *reject)
{
    struct rejected_message rejected = {
        .partition = message->partition,
        .offset = message->offset,
        .reason = reject_reason_code(reject->reason),
        .detail = reject->detail,
        .position = reject->position,
        .payload = {message->data ? message->data : "", message->size},
    };

    /* Read again for the archive only: it was kept by the commit that passed it. */
    if (message->offset < partition->totals_offset)
        return 0;
    if (rejected_add(&pending->rejected, &rejected, time_now()))
        return 1;
    partition->to_total.rejected++;
    pending->rejected_reasons[reject->reason]++;
    return 0;
}

/* Whether what waits, and writing it, takes all that it may. When nothing waits there is room for one record. */
static bool is_full(const struct pending *pending)
{
    if (!pending->memory_max || (pending->rows.count == 0 && totals_count(pending->totals) == 0))
        return false;
    return dictionary_memory(&pending->dictionary) + totals_memory(pending->totals) + pending->rows.memory +
               pending->rows.count * ROW_ENCODING >=
           pending->memory_max;
}

/* How far an event tells that event time has come: a device whose clock is ahead tells no more than its arrival. */
static int64_t time_reached(const struct record *record, const struct message *message)
{
    return message->arrival >= 0 && message->arrival < record->timestamp ? message->arrival : record->timestamp;
}

static void note_time(struct partition_delta *delta, int64_t reached)
{
    if (reached > delta->until)
        delta->until = reached;
}

/* Whether one more record keeps a delta within int64. */
static bool add_to_delta(struct partition_delta *delta, int64_t bytes)
{
    if (__builtin_add_overflow(delta->bytes, bytes, &delta->bytes))
        return false;
    delta->records++;
    return true;
}

static int take_record(struct pending *pending, struct partition *partition, const struct message *message,
                       const struct decoded *decoded)
{
    const struct record *record = &decoded->record;
    struct partition_delta to_archive = partition->to_archive, to_total = partition->to_total;
    bool totalled = message->offset < partition->totals_offset;
    int64_t reached = time_reached(record, message);
    struct coded_event event = decoded->event;

    if (is_full(pending))
        return 1;
    if ((pending->archive && !add_to_delta(&to_archive, record->bytes)) ||
        (!totalled && !add_to_delta(&to_total, record->bytes)))
        return 1;
    if (!decoded->coded && dictionary_encode(&pending->dictionary, record, decoded->hashes, &event))
        return 1;
    if ((pending->archive && !rows_have_room(&pending->rows, &event)) ||
        (!totalled && totals_add(pending->totals, &event)))
        return 1;
    if (pending->archive)
        rows_add(&pending->rows, &event, partition->id, message->offset);
    note_time(&to_archive, reached);
    note_time(&to_total, reached);
    partition->to_archive = to_archive;
    partition->to_total = to_total;
    return 0;
}

int pending_take(struct pending *pending, struct partition *partition, const struct message *message,
                 const struct decoded *decoded)
{
    int full = decoded->rejected ? take_rejected(pending, partition, message, &decoded->reject)
                                 : take_record(pending, partition, message, decoded);

    if (!full)
        partition->next_offset = message->offset + 1;
    return full;
}
