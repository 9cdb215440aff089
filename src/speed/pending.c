#include "speed/pending.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"

/* Names that are kept when nothing refers to them any more, since most come again: to intern and sort a city's names
 * for each roll took a tenth of the CPU time. If there are more, all are forgotten. */
#define NAMES_KEPT (1u << 18)

/* Bytes that DuckDB takes to encode a row, its names included, as measured. */
#define ROW_ENCODING 160

/* Bytes of a worker that may be archived before they are in the totals. 2^50 times 4096 workers is 2^62, the half of
 * int64 that count_nearly_full.sql leaves them. */
#define BYTES_AHEAD_MAX ((int64_t)1 << 50)

/* With a --max-bytes above 1 TiB the totals are always committed first. Up to it, an hour is filled only by millions of
 * events (2^63 / 2^40), and so not between two checks for nearly full hours. */
#define BYTES_EACH_MAX ((int64_t)1 << 40)

/* With --memory-limit, names and the table of sums may each keep a quarter of a worker's part. Larger ones are freed,
 * so that a flood of names leaves room for rows afterwards. */
#define MEMORY_KEPT 4

void pending_init(struct pending *pending, const struct job *job)
{
    *pending = (struct pending){.totals = totals_new(job->window, job->kinds),
                                .window = job->window,
                                .archive = job->archive,
                                .memory_max = job->pending_memory,
                                .rows = {.limits = job->rows_limits}};
    for (size_t i = 0; i < CONSUMER_READ_MAX; i++)
        decoder_init(&pending->ahead[i].decoder, job->record_limits);
    dictionary_init(&pending->dictionary, job->kinds);
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
    full_hours_release(&pending->full_hours);
}

bool pending_keeps_names(const struct pending *pending)
{
    return dictionary_count(&pending->dictionary) <= NAMES_KEPT &&
           (!pending->memory_max || dictionary_memory(&pending->dictionary) <= pending->memory_max / MEMORY_KEPT);
}

/* A table of sums that a flood of ids has made large is freed, too. */
static void drop_totals(struct pending *pending)
{
    pending->bytes = 0;
    memset(pending->rejected_reasons, 0, sizeof(pending->rejected_reasons));
    totals_clear(pending->totals);
    if (!pending->memory_max || totals_memory(pending->totals) <= pending->memory_max / MEMORY_KEPT)
        return;
    totals_free(pending->totals);
    pending->totals = totals_new(pending->window, pending->dictionary.kinds);
}

/* Codes are invalid after it, so nothing may refer to names: no pending sum or row, nor those of the commit or roll
 * under way. Messages that are decoded ahead lose their codes, and get new ones when they are taken. */
static void drop_names(struct pending *pending)
{
    if (pending_keeps_names(pending) || totals_count(pending->totals) || pending->committing_count ||
        pending->rows.count || pending->rolling_count)
        return;
    dictionary_clear(&pending->dictionary);
    for (size_t i = 0; i < CONSUMER_READ_MAX; i++)
        pending->ahead[i].coded = false;
}

void pending_begin_commit(struct pending *pending, struct total **ret_totals, size_t *ret_count,
                          struct rejected *ret_rejected)
{
    invariant(pending->committing_count == 0);
    *ret_totals = totals_sorted(pending->totals, &pending->dictionary);
    *ret_count = pending->committing_count = totals_count(pending->totals);
    rejected_move(&pending->rejected, ret_rejected);
    drop_totals(pending);
}

void pending_end_commit(struct pending *pending)
{
    pending->committing_count = 0;
    drop_names(pending);
}

void pending_begin_roll(struct pending *pending, struct rows *ret_rows)
{
    invariant(pending->rolling_count == 0);
    *ret_rows = pending->rows;
    pending->rows = (struct rows){.limits = ret_rows->limits};
    pending->rolling_count = ret_rows->count;
    pending->rolling_memory = ret_rows->memory;
}

void pending_end_roll(struct pending *pending)
{
    pending->rolling_count = pending->rolling_memory = 0;
    drop_names(pending);
}

void pending_drop(struct pending *pending)
{
    invariant(pending->committing_count == 0 && pending->rolling_count == 0);
    drop_totals(pending);
    full_hours_drop(&pending->full_hours);
    rejected_drop(&pending->rejected);
    rows_clear(&pending->rows);
    drop_names(pending);
}

bool pending_may_roll_first(const struct pending *pending)
{
    return pending_keeps_names(pending) && pending->full_hours.hour_count == 0 && pending->bytes <= BYTES_AHEAD_MAX &&
           pending->ahead->decoder.limits.max_bytes <= BYTES_EACH_MAX;
}

/* The prefetches of one message overlap with the decoding of the next: memory latency, not instructions, limits the
 * look-ups of names. */
void pending_decode(struct pending *pending, const struct message *messages, size_t count)
{
    pending->latest = time_now() + pending->ahead->decoder.limits.max_future;
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

/* A record for which the dictionary has no room stays without codes; pending_take() tries again, after the messages
 * before it may have made room. */
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

static enum pending_limit take_rejected(struct pending *pending, struct partition *partition,
                                        const struct message *message, const struct reject *reject)
{
    struct rejected_message rejected = {
        .partition = message->partition,
        .offset = message->offset,
        .reason = reject_reason_code(reject->reason),
        .detail = reject->detail,
        .position = reject->position,
        .payload = {message->data ? message->data : "", message->size},
        .always_kept = reject->reason == REJECT_SUM_OUT_OF_RANGE,
    };

    /* Read again for the archive only: the commit that moved the totals past it has stored it already. */
    if (message->offset < partition->totals.offset)
        return PENDING_TAKEN;
    if (rejected_add(&pending->rejected, &rejected, time_now()))
        return PENDING_TOTALS_FULL;
    partition->totals.delta.rejected++;
    pending->rejected_reasons[reject->reason]++;
    return PENDING_TAKEN;
}

/* Whether pending data, with the memory that writing it takes, has reached the limit. When nothing is pending there is
 * room for one record, or the worker could not go on. The encoder takes the pending rows after those of the roll under
 * way, so the larger of the two decides. */
static bool is_full(const struct pending *pending)
{
    size_t waiting = pending->rows.count, rolling = pending->rolling_count;

    if (!pending->memory_max || (waiting == 0 && rolling == 0 && totals_count(pending->totals) == 0))
        return false;
    return dictionary_memory(&pending->dictionary) + totals_memory(pending->totals) +
               pending->committing_count * sizeof(struct total) + pending->rows.memory + pending->rolling_memory +
               (waiting > rolling ? waiting : rolling) * ROW_ENCODING >=
           pending->memory_max;
}

/*
 * The event time that a record proves to be reached, or 0. A device whose clock is ahead proves no more than its
 * arrival. A time that is further ahead of our clock than --max-future proves nothing: PostgreSQL's clock would limit
 * it to the present time, and hours would be sealed before the messages that wait in the partition are read.
 */
static int64_t time_reached(const struct pending *pending, const struct record *record, const struct message *message)
{
    int64_t reached =
        message->arrival >= 0 && message->arrival < record->timestamp ? message->arrival : record->timestamp;

    return reached <= pending->latest ? reached : 0;
}

static void note_time(struct partition_delta *delta, int64_t reached)
{
    if (reached > delta->until)
        delta->until = reached;
}

/* `bytes` is the sum with the record's. */
static void note_record(struct partition_delta *delta, int64_t bytes, int64_t reached)
{
    delta->records++;
    delta->bytes = bytes;
    note_time(delta, reached);
}

/* All limits are checked before anything is changed: a message that is not taken is taken again as a whole, and must
 * not have been counted for one side already. */
static enum pending_limit take_record(struct pending *pending, struct partition *partition,
                                      const struct message *message, const struct decoded *decoded)
{
    const struct record *record = &decoded->record;
    bool archives = message->offset >= partition->archive.offset, totals = message->offset >= partition->totals.offset;
    int64_t reached = time_reached(pending, record, message), archived = 0, totalled = 0;
    const struct coded_event *event = &decoded->event;
    struct coded_event coded_now;

    if (is_full(pending))
        return PENDING_EVERYTHING_FULL;
    if (!decoded->coded) {
        if (dictionary_encode(&pending->dictionary, record, decoded->hashes, &coded_now))
            return PENDING_EVERYTHING_FULL;
        event = &coded_now;
    }
    if (archives && pending->archive &&
        (__builtin_add_overflow(partition->archive.delta.bytes, record->bytes, &archived) ||
         !rows_have_room(&pending->rows, event)))
        return PENDING_ROWS_FULL;
    /* The overflow check of the sum of all partitions covers those of each partition. */
    if (totals &&
        (__builtin_add_overflow(pending->bytes, record->bytes, &totalled) || totals_add(pending->totals, event)))
        return PENDING_TOTALS_FULL;
    if (archives && pending->archive) {
        rows_add(&pending->rows, event, partition->id, message->offset);
        note_record(&partition->archive.delta, archived, reached);
    } else if (archives)
        note_time(&partition->archive.delta, reached);
    if (totals) {
        full_hours_add(&pending->full_hours, record->timestamp, record->bytes);
        pending->bytes = totalled;
        note_record(&partition->totals.delta, partition->totals.delta.bytes + record->bytes, reached);
    }
    return PENDING_TAKEN;
}

/* Whether a record exceeds its hour. For a message that is read again the earlier decision counts (full_hours.h). */
static bool exceeds_hour(const struct pending *pending, const struct partition *partition,
                         const struct message *message, const struct record *record)
{
    return message->offset < partition->totals.offset
               ? full_hours_was_refused(&pending->full_hours, partition->id, message->offset)
               : !full_hours_have_room(&pending->full_hours, record->timestamp, record->bytes);
}

static enum pending_limit take_exceeding(struct pending *pending, struct partition *partition,
                                         const struct message *message, const struct record *record)
{
    struct reject reject = {.reason = REJECT_SUM_OUT_OF_RANGE};

    snprintf(reject.detail, sizeof(reject.detail), "bytes %" PRId64 " would make the sum of its hour exceed %" PRId64,
             record->bytes, INT64_MAX);
    return take_rejected(pending, partition, message, &reject);
}

enum pending_limit pending_take(struct pending *pending, struct partition *partition, const struct message *message,
                                const struct decoded *decoded)
{
    enum pending_limit full;

    if (decoded->rejected)
        full = take_rejected(pending, partition, message, &decoded->reject);
    else if (exceeds_hour(pending, partition, message, &decoded->record))
        full = take_exceeding(pending, partition, message, &decoded->record);
    else
        full = take_record(pending, partition, message, decoded);
    if (!full)
        partition->next_offset = message->offset + 1;
    return full;
}
