#include "postgres/rejected.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "postgres/sql.h"

void rejected_drop(struct rejected *rejected)
{
    rejected->count = 0;
    rejected_begin(rejected);
}

void rejected_begin(struct rejected *rejected)
{
    int64_t last = 0;
    size_t left = 0;

    array_begin(&rejected->partitions, ARRAY_INTEGER);
    array_begin(&rejected->offsets, ARRAY_BIGINT);
    array_begin(&rejected->reasons, ARRAY_TEXT);
    array_begin(&rejected->details, ARRAY_TEXT);
    array_begin(&rejected->positions, ARRAY_INTEGER);
    array_begin(&rejected->payloads, ARRAY_BYTEA);
    array_begin(&rejected->sizes, ARRAY_BIGINT);
    for (size_t i = 0; i < rejected->count; i++)
        if (rejected->counts[i].minute > last)
            last = rejected->counts[i].minute;
    for (size_t i = 0; i < rejected->count; i++)
        if (rejected->counts[i].minute == last) {
            rejected->counts[left] = rejected->counts[i];
            rejected->counts[left++].messages = 0;
        }
    rejected->count = left;
}

void rejected_move(struct rejected *rejected, struct rejected *ret_moved)
{
    *ret_moved = *rejected;
    rejected->partitions = rejected->offsets = rejected->reasons = rejected->details = (struct array){0};
    rejected->positions = rejected->payloads = rejected->sizes = (struct array){0};
    rejected_begin(rejected);
}

void rejected_release(struct rejected *rejected)
{
    array_release(&rejected->partitions);
    array_release(&rejected->offsets);
    array_release(&rejected->reasons);
    array_release(&rejected->details);
    array_release(&rejected->positions);
    array_release(&rejected->payloads);
    array_release(&rejected->sizes);
}

/* The count of a reason and minute, a new one if need be; NULL when there is no room. */
static struct rejected_count *find_count(struct rejected *rejected, const char *reason, int64_t minute)
{
    for (size_t i = 0; i < rejected->count; i++)
        if (rejected->counts[i].reason == reason && rejected->counts[i].minute == minute)
            return &rejected->counts[i];
    if (rejected->count == REJECTED_COUNTS_MAX)
        return NULL;
    rejected->counts[rejected->count] = (struct rejected_count){.reason = reason, .minute = minute};
    return &rejected->counts[rejected->count++];
}

static void keep(struct rejected *rejected, const struct rejected_message *message)
{
    struct slice kept = message->payload;

    if (kept.size > REJECTED_PAYLOAD_MAX)
        kept.size = REJECTED_PAYLOAD_MAX;
    array_add_integer(&rejected->partitions, message->partition);
    array_add_bigint(&rejected->offsets, message->offset);
    array_add_bytes(&rejected->reasons, slice_of(message->reason));
    array_add_bytes(&rejected->details, slice_of(message->detail));
    array_add_integer(&rejected->positions, (int32_t)message->position);
    array_add_bytes(&rejected->payloads, kept);
    array_add_bigint(&rejected->sizes, (int64_t)message->payload.size);
}

int rejected_add(struct rejected *rejected, const struct rejected_message *message, int64_t now)
{
    struct rejected_count *count = find_count(rejected, message->reason, now - now % SECONDS_PER_MINUTE);

    if (!count)
        return 1;
    if (message->always_kept || count->kept < REJECTED_KEPT_PER_MINUTE) {
        if (rejected->offsets.count == REJECTED_WAITING_MAX)
            return 1;
        keep(rejected, message);
        count->kept++;
    }
    count->messages++;
    return 0;
}

/* In the order of minute and reason, in which all workers lock the rows. */
static int compare_counts(const void *left, const void *right)
{
    const struct rejected_count *one = left, *other = right;

    if (one->minute != other->minute)
        return one->minute < other->minute ? -1 : 1;
    return strcmp(one->reason, other->reason);
}

static int send_counts(struct pipeline *pipeline, const struct progress_key *key, struct rejected *rejected,
                       struct error *error)
{
    cleanup(array_release) struct array minutes = {0};
    cleanup(array_release) struct array reasons = {0};
    cleanup(array_release) struct array messages = {0};
    struct parameters parameters = {0};

    array_begin(&minutes, ARRAY_TIMESTAMP);
    array_begin(&reasons, ARRAY_TEXT);
    array_begin(&messages, ARRAY_BIGINT);
    qsort(rejected->counts, rejected->count, sizeof(*rejected->counts), compare_counts);
    for (size_t i = 0; i < rejected->count; i++) {
        if (rejected->counts[i].messages == 0)
            continue;
        array_add_timestamp(&minutes, rejected->counts[i].minute);
        array_add_bytes(&reasons, slice_of(rejected->counts[i].reason));
        array_add_bigint(&messages, rejected->counts[i].messages);
    }
    if (messages.count == 0)
        return 0;
    parameters_text(&parameters, key->job);
    parameters_text(&parameters, key->topic);
    parameters_array(&parameters, &minutes);
    parameters_array(&parameters, &reasons);
    parameters_array(&parameters, &messages);
    return pipeline_send(pipeline, sql_count_rejected, &parameters,
                         (struct pipeline_statement){.table = "antenna.rejected_count", .rows = (size_t)messages.count},
                         error);
}

int rejected_send(struct pipeline *pipeline, const struct progress_key *key, struct rejected *rejected,
                  struct error *error)
{
    struct parameters parameters = {0};

    if (send_counts(pipeline, key, rejected, error))
        return -1;
    if (rejected->offsets.count == 0)
        return 0;
    parameters_text(&parameters, key->job);
    parameters_text(&parameters, key->topic);
    parameters_array(&parameters, &rejected->partitions);
    parameters_array(&parameters, &rejected->offsets);
    parameters_array(&parameters, &rejected->reasons);
    parameters_array(&parameters, &rejected->details);
    parameters_array(&parameters, &rejected->positions);
    parameters_array(&parameters, &rejected->payloads);
    parameters_array(&parameters, &rejected->sizes);
    return pipeline_send(
        pipeline, sql_insert_rejected, &parameters,
        (struct pipeline_statement){.table = "antenna.rejected_message", .rows = (size_t)rejected->offsets.count},
        error);
}

int rejected_find_refused(struct postgres *postgres, const struct progress_key *key, const struct progress *partitions,
                          size_t count, struct refused **ret_refused, size_t *ret_count, struct error *error)
{
    cleanup(array_release) struct array ids = {0};
    cleanup(array_release) struct array firsts = {0};
    cleanup(array_release) struct array nexts = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};
    struct refused *refused;

    array_begin(&ids, ARRAY_INTEGER);
    array_begin(&firsts, ARRAY_BIGINT);
    array_begin(&nexts, ARRAY_BIGINT);
    for (size_t i = 0; i < count; i++) {
        array_add_integer(&ids, partitions[i].partition);
        array_add_bigint(&firsts, partitions[i].archive_offset);
        array_add_bigint(&nexts, partitions[i].totals_offset);
    }
    parameters_text(&parameters, key->job);
    parameters_text(&parameters, key->topic);
    parameters_array(&parameters, &ids);
    parameters_array(&parameters, &firsts);
    parameters_array(&parameters, &nexts);
    if (postgres_run(postgres, sql_select_refused, &parameters, &result, error))
        return error_context(error, "could not read the rejected messages");
    refused = memory_new((size_t)PQntuples(result), sizeof(*refused));
    for (int i = 0; i < PQntuples(result); i++)
        refused[i] = (struct refused){(int32_t)postgres_number(result, i, 0), postgres_number(result, i, 1)};
    *ret_refused = refused;
    *ret_count = (size_t)PQntuples(result);
    return 0;
}
