#include "postgres/rejected.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "postgres/sql.h"

/* Also forgets how many messages were kept in this minute: they were not committed, and come again. */
void rejected_drop(struct rejected *rejected)
{
    rejected->count = 0;
    rejected_begin(rejected);
}

/* The counts of the latest minute stay, with 0 messages: `kept` limits the messages of a minute, not those of a commit.
 */
void rejected_begin(struct rejected *rejected)
{
    int64_t last = 0;
    size_t left = 0;

    columns_begin(&rejected->kept, (const enum array_element[]){ARRAY_INTEGER, ARRAY_BIGINT, ARRAY_TEXT, ARRAY_TEXT,
                                                                ARRAY_INTEGER, ARRAY_BYTEA, ARRAY_BIGINT, ARRAY_END});
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
    rejected->kept = (struct columns){0};
    rejected_begin(rejected);
}

void rejected_release(struct rejected *rejected)
{
    columns_release(&rejected->kept);
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
    columns_add(&rejected->kept, (const union element[]){{message->partition},
                                                         {message->offset},
                                                         {.bytes = slice_of(message->reason)},
                                                         {.bytes = slice_of(message->detail)},
                                                         {(int64_t)message->position},
                                                         {.bytes = kept},
                                                         {(int64_t)message->payload.size}});
}

/* Both limits are checked before anything is counted: a message that is not taken is added again after a commit. */
int rejected_add(struct rejected *rejected, const struct rejected_message *message, int64_t now)
{
    struct rejected_count *count = find_count(rejected, message->reason, now - now % SECONDS_PER_MINUTE);

    if (!count)
        return 1;
    if (message->always_kept || count->kept < REJECTED_KEPT_PER_MINUTE) {
        if (columns_rows(&rejected->kept) == REJECTED_WAITING_MAX)
            return 1;
        keep(rejected, message);
        count->kept++;
    }
    count->messages++;
    return 0;
}

/* The order of minute and reason, in which all workers lock the rows of antenna.rejected_count: no deadlock. */
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
    cleanup(columns_release) struct columns columns = {0};
    struct parameters parameters = {0};

    columns_begin(&columns, (const enum array_element[]){ARRAY_TIMESTAMP, ARRAY_TEXT, ARRAY_BIGINT, ARRAY_END});
    qsort(rejected->counts, rejected->count, sizeof(*rejected->counts), compare_counts);
    for (size_t i = 0; i < rejected->count; i++) {
        const struct rejected_count *count = &rejected->counts[i];

        if (count->messages)
            columns_add(&columns, (const union element[]){
                                      {count->minute}, {.bytes = slice_of(count->reason)}, {count->messages}});
    }
    if (columns_rows(&columns) == 0)
        return 0;
    progress_begin_parameters(&parameters, key);
    parameters_columns(&parameters, &columns);
    return pipeline_send(pipeline, sql_count_rejected, &parameters,
                         (struct pipeline_statement){.table = "antenna.rejected_count", .rows = columns_rows(&columns)},
                         error);
}

int rejected_send(struct pipeline *pipeline, const struct progress_key *key, struct rejected *rejected,
                  struct error *error)
{
    struct parameters parameters = {0};

    if (send_counts(pipeline, key, rejected, error))
        return -1;
    if (columns_rows(&rejected->kept) == 0)
        return 0;
    progress_begin_parameters(&parameters, key);
    parameters_columns(&parameters, &rejected->kept);
    return pipeline_send(
        pipeline, sql_insert_rejected, &parameters,
        (struct pipeline_statement){.table = "antenna.rejected_message", .rows = columns_rows(&rejected->kept)}, error);
}

int rejected_find_refused(struct postgres *postgres, const struct progress_key *key, const struct progress *partitions,
                          size_t count, struct refused **ret_refused, size_t *ret_count, struct error *error)
{
    cleanup(columns_release) struct columns columns = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};
    struct refused *refused;

    columns_begin(&columns, (const enum array_element[]){ARRAY_INTEGER, ARRAY_BIGINT, ARRAY_BIGINT, ARRAY_END});
    for (size_t i = 0; i < count; i++)
        columns_add(&columns, (const union element[]){{partitions[i].partition},
                                                      {partitions[i].archive_offset},
                                                      {partitions[i].totals_offset}});
    progress_begin_parameters(&parameters, key);
    parameters_columns(&parameters, &columns);
    if (postgres_run(postgres, sql_select_refused, &parameters, &result, error))
        return error_context(error, "could not read the rejected messages");
    refused = memory_new((size_t)PQntuples(result), sizeof(*refused));
    for (int i = 0; i < PQntuples(result); i++)
        refused[i] = (struct refused){(int32_t)postgres_number(result, i, 0), postgres_number(result, i, 1)};
    *ret_refused = refused;
    *ret_count = (size_t)PQntuples(result);
    return 0;
}
