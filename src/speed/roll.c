#include "speed/roll.h"

#include <inttypes.h>
#include <stdlib.h>

#include "archive/identity.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/time.h"
#include "postgres/archive_files.h"
#include "postgres/totals.h"
#include "speed/commit.h"

/* The files of one roll, and their sizes together. */
struct roll {
    struct archive_files files;
    char (*names)[LAYOUT_NAME_SIZE];
    size_t count;
    int64_t size;
};

static bool has_rows(const struct partition *partition)
{
    return partition->epoch && partition->next_offset > partition->archive_offset;
}

static size_t collect_steps(const struct partitions *partitions, struct progress_step *steps)
{
    size_t count = 0;

    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *partition = &partitions->list[i];

        if (has_rows(partition))
            steps[count++] = (struct progress_step){
                .partition = partition->id,
                .epoch = partition->epoch,
                .from_offset = partition->archive_offset,
                .next_offset = partition->next_offset,
                .records = partition->to_archive.records,
                .bytes = partition->to_archive.bytes,
                .until = partition->to_archive.until,
            };
    }
    return count;
}

static void append_offsets(struct buffer *json, const struct rows_hour *hour)
{
    for (size_t i = 0; i < hour->range_count; i++)
        buffer_printf(json, "%s\"%d\": [%" PRId64 ", %" PRId64 "]", i ? ", " : "{", (int)hour->ranges[i].partition,
                      hour->ranges[i].first, hour->ranges[i].last);
    buffer_text(json, "}");
}

static int write_file(struct worker *worker, const struct rows_hour *hour, struct roll *roll, struct error *error)
{
    char *name = roll->names[roll->count];
    char place[LAYOUT_PATH_SIZE];
    cleanup(memory_free) char *path = NULL;
    cleanup(buffer_release) struct buffer offsets = {0};
    int64_t size;

    layout_name(name, hour->hour, staging_token(worker->staging), ++worker->file_sequence);
    if (layout_path(place, name))
        return error_set(error, ERROR_FAILED, "made \"%s\", which is no name of an archive file", name);
    path = staging_path(worker->staging, name);
    if (parquet_write(worker->parquet, hour, &worker->pending.dictionary, path, &size, error))
        return -1;
    append_offsets(&offsets, hour);
    archive_files_add(&roll->files, &(struct archive_file){
                                        .path = place,
                                        .hour = hour->hour,
                                        .rows = (int64_t)hour->count,
                                        .bytes_total = hour->bytes_total,
                                        .min_timestamp = hour->min_timestamp,
                                        .max_timestamp = hour->max_timestamp,
                                        .size = size,
                                        .offsets = offsets.data,
                                    });
    roll->count++;
    roll->size += size;
    return 0;
}

static int compare_hours(const void *left, const void *right)
{
    int64_t left_hour = (*(struct rows_hour *const *)left)->hour,
            right_hour = (*(struct rows_hour *const *)right)->hour;

    return (left_hour > right_hour) - (left_hour < right_hour);
}

/* In the order of hours, in which the transaction locks them. */
static int write_files(struct worker *worker, struct roll *roll, struct error *error)
{
    struct rows *rows = &worker->pending.rows;

    if (rows->hour_count)
        qsort(rows->hours, rows->hour_count, sizeof(struct rows_hour *), compare_hours);
    for (size_t i = 0; i < rows->hour_count; i++)
        if (write_file(worker, rows->hours[i], roll, error))
            return -1;
    return roll->count ? staging_sync(worker->staging, error) : 0;
}

static int list_files(struct worker *worker, struct roll *roll, struct error *error)
{
    struct progress_step *steps = memory_new(worker->partitions.count + 1, sizeof(*steps));
    size_t count = collect_steps(&worker->partitions, steps);
    int status = postgres_begin(worker->postgres, error);

    if (!status)
        status = archive_files_hold(worker->postgres, staging_token(worker->staging), error);
    if (!status)
        status = progress_advance_archive(worker->postgres, &worker->job->key, steps, count, error);
    if (!status)
        status = archive_files_insert(worker->postgres, &worker->job->key, &roll->files, error);
    if (!status)
        status = postgres_commit(worker->postgres, error);
    free(steps);
    return status;
}

static int publish_files(struct worker *worker, const struct roll *roll, struct error *error)
{
    for (size_t i = 0; i < roll->count; i++)
        if (staging_publish(worker->staging, roll->names[i], error))
            return -1;
    return 0;
}

/* A refused transaction has listed none of them, and nobody else looks into the folder of a worker that lives. */
static void delete_files(struct worker *worker, const struct roll *roll)
{
    struct error ignored;

    for (size_t i = 0; i < roll->count; i++)
        if (staging_delete(worker->staging, roll->names[i], &ignored))
            continue;
}

static void note_roll(struct worker *worker, const struct roll *roll, int64_t begin_us)
{
    struct counters *counters = &worker->counters;

    for (size_t i = 0; i < worker->partitions.count; i++) {
        struct partition *partition = &worker->partitions.list[i];

        if (!has_rows(partition))
            continue;
        counter_add(&counters->archived, partition->to_archive.records);
        counter_add(&counters->archived_bytes, partition->to_archive.bytes);
        partition->archive_offset = partition->next_offset;
        partition->to_archive = (struct partition_delta){0};
    }
    counter_add(&counters->files, (int64_t)roll->count);
    counter_add(&counters->file_bytes, roll->size);
    counter_set(&counters->last_roll, time_now());
    histogram_add(&counters->rolls, time_monotonic_us() - begin_us);
    pending_roll(&worker->pending);
}

static bool anything_to_roll(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++)
        if (has_rows(&partitions->list[i]))
            return true;
    return false;
}

static int find_nearly_full(struct worker *worker, bool *ret_any, struct error *error)
{
    const struct rows *rows = &worker->pending.rows;
    cleanup(array_release) struct array hours = {0};

    array_begin(&hours, ARRAY_TIMESTAMP);
    for (size_t i = 0; i < rows->hour_count; i++)
        array_add_timestamp(&hours, rows->hours[i]->hour);
    return totals_any_nearly_full(worker->postgres, &hours, ret_any, error);
}

/* Commits where what is rolled must not be ahead of the totals; where none wait, it is not. */
static int commit_if_needed(struct worker *worker, struct error *error)
{
    bool needed = !pending_may_roll_first(&worker->pending);

    if (!needed && totals_count(worker->pending.totals) && find_nearly_full(worker, &needed, error))
        return -1;
    return needed ? write_to_postgres(worker, error) : 0;
}

int write_to_storage(struct worker *worker, struct error *error)
{
    struct roll roll = {0};
    int64_t begin_us;
    int status;

    if (!anything_to_roll(&worker->partitions))
        return 0;
    if (commit_if_needed(worker, error))
        return -1;
    stages_end(&worker->stages, STAGE_COMMIT);
    begin_us = time_monotonic_us();
    archive_files_begin(&roll.files);
    roll.names = memory_new(worker->pending.rows.hour_count, sizeof(*roll.names));
    status = identity_look(worker->job->archive_path, worker->job->archive_id, error);
    if (!status && !staging_is_held(worker->staging))
        status = error_set(error, ERROR_WORLD, "another process has taken over the staging folder %s of this one",
                           staging_token(worker->staging));
    if (!status)
        status = write_files(worker, &roll, error);
    if (!status)
        status = list_files(worker, &roll, error);
    if (status && error->kind == ERROR_FENCED)
        delete_files(worker, &roll);
    if (!status)
        status = publish_files(worker, &roll, error);
    if (!status)
        note_roll(worker, &roll, begin_us);
    stages_end(&worker->stages, STAGE_ENCODE);
    archive_files_release(&roll.files);
    free(roll.names);
    return status;
}
