#include "speed/roll.h"

#include <inttypes.h>
#include <stdlib.h>

#include "archive/identity.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "postgres/archive_files.h"
#include "postgres/totals.h"
#include "speed/commit.h"

struct roll {
    struct encoding encoding;
    struct progress_step *steps;
    size_t step_count;
    int64_t begin_us;
};

static void name_files(struct worker *worker, struct encoding *encoding)
{
    const char *token = staging_token(encoding->staging);

    encoding->files = memory_new(encoding->rows.hour_count, sizeof(*encoding->files));
    for (size_t i = 0; i < encoding->rows.hour_count; i++)
        layout_name(encoding->files[i].name, encoding->rows.hours[i]->hour, token, ++worker->file_sequence);
}

/* Files are made, listed and locked in the order of hours. */
static void hand_over_rows(struct worker *worker)
{
    struct roll *roll = memory_new(1, sizeof(*roll));
    struct encoding *encoding = &roll->encoding;

    roll->begin_us = time_monotonic_us();
    roll->steps = partitions_send(&worker->partitions, SIDE_ARCHIVE, &roll->step_count);
    pending_begin_roll(&worker->pending, &encoding->rows);
    rows_sort(&encoding->rows);
    encoding->dictionary = &worker->pending.dictionary;
    encoding->staging = worker->staging;
    name_files(worker, encoding);
    if (encoding->rows.hour_count)
        encoder_begin(worker->encoder, encoding);
    worker->roll = roll;
}

/* Without rows, as when all messages were rejected, there is nothing to encode. */
static int wait_for_files(struct worker *worker, struct error *error)
{
    return worker->roll->encoding.rows.hour_count ? encoder_wait(worker->encoder, error) : 0;
}

bool roll_is_encoded(const struct worker *worker)
{
    return worker->roll && (worker->roll->encoding.rows.hour_count == 0 || encoder_is_done(worker->encoder));
}

int64_t roll_lasts_ms(const struct worker *worker)
{
    return worker->roll ? (time_monotonic_us() - worker->roll->begin_us) / 1000 : 0;
}

static void end_roll(struct worker *worker)
{
    struct roll *roll = worker->roll;

    stages_add(&worker->stages, STAGE_ENCODE, roll->encoding.cpu_ns);
    rows_clear(&roll->encoding.rows);
    free(roll->encoding.files);
    free(roll->steps);
    free(roll);
    worker->roll = NULL;
    pending_end_roll(&worker->pending);
}

static void append_offsets(struct buffer *json, const struct rows_hour *hour)
{
    for (size_t i = 0; i < hour->range_count; i++)
        buffer_printf(json, "%s\"%d\": [%" PRId64 ", %" PRId64 "]", i ? ", " : "{", (int)hour->ranges[i].partition,
                      hour->ranges[i].first, hour->ranges[i].last);
    buffer_text(json, "}");
}

static int add_file(struct archive_files *files, const struct rows_hour *hour, const struct encoded_file *file,
                    struct error *error)
{
    cleanup(buffer_release) struct buffer offsets = {0};
    char place[LAYOUT_PATH_SIZE];

    if (layout_path(place, file->name))
        return error_set(error, ERROR_FAILED, "made \"%s\", which is no name of an archive file", file->name);
    append_offsets(&offsets, hour);
    archive_files_add(files, &(struct archive_file){
                                 .path = place,
                                 .hour = hour->hour,
                                 .rows = (int64_t)hour->count,
                                 .bytes_total = hour->bytes_total,
                                 .min_timestamp = hour->min_timestamp,
                                 .max_timestamp = hour->max_timestamp,
                                 .size = file->size,
                                 .offsets = offsets.data,
                             });
    return 0;
}

static int list_files(struct worker *worker, struct error *error)
{
    const struct roll *roll = worker->roll;
    cleanup(archive_files_release) struct archive_files files = {0};

    archive_files_begin(&files);
    for (size_t i = 0; i < roll->encoding.rows.hour_count; i++)
        if (add_file(&files, roll->encoding.rows.hours[i], &roll->encoding.files[i], error))
            return -1;
    if (postgres_begin(worker->postgres, error) ||
        archive_files_hold(worker->postgres, staging_token(worker->staging), error) ||
        progress_advance_archive(worker->postgres, &worker->job->key, roll->steps, roll->step_count, error) ||
        archive_files_insert(worker->postgres, &worker->job->key, &files, error))
        return -1;
    return postgres_commit(worker->postgres, error);
}

static int publish_files(struct worker *worker, struct error *error)
{
    const struct encoding *encoding = &worker->roll->encoding;

    for (size_t i = 0; i < encoding->rows.hour_count; i++)
        if (staging_publish(worker->staging, encoding->files[i].name, error))
            return -1;
    return 0;
}

/* None of them is listed, and nobody else looks into the folder of a worker that lives. */
static void delete_files(struct worker *worker)
{
    const struct encoding *encoding = &worker->roll->encoding;
    struct error ignored;

    for (size_t i = 0; i < encoding->rows.hour_count; i++)
        if (staging_delete(worker->staging, encoding->files[i].name, &ignored))
            continue;
}

static void note_roll(struct worker *worker)
{
    const struct roll *roll = worker->roll;
    struct counters *counters = &worker->counters;

    partitions_confirm(&worker->partitions, SIDE_ARCHIVE, roll->steps, roll->step_count);
    for (size_t i = 0; i < roll->step_count; i++) {
        counter_add(&counters->archived, roll->steps[i].records);
        counter_add(&counters->archived_bytes, roll->steps[i].bytes);
    }
    for (size_t i = 0; i < roll->encoding.rows.hour_count; i++)
        counter_add(&counters->file_bytes, roll->encoding.files[i].size);
    counter_add(&counters->files, (int64_t)roll->encoding.rows.hour_count);
    counter_set(&counters->last_roll, time_now());
    histogram_add(&counters->rolls, time_monotonic_us() - roll->begin_us);
}

static int find_nearly_full(struct worker *worker, bool *ret_any, struct error *error)
{
    const struct rows *rows = &worker->roll->encoding.rows;
    cleanup(array_release) struct array hours = {0};

    array_begin(&hours, ARRAY_TIMESTAMP);
    for (size_t i = 0; i < rows->hour_count; i++)
        array_add_timestamp(&hours, rows->hours[i]->hour);
    return totals_any_nearly_full(worker->postgres, &hours, ret_any, error);
}

/* Commits where what is listed must not be ahead of the totals; where none wait, it is not. When the commit finds an
 * hour full the roll is dropped. */
static int commit_if_needed(struct worker *worker, struct error *error)
{
    bool needed = !pending_may_roll_first(&worker->pending);

    if (!needed && totals_count(worker->pending.totals) && find_nearly_full(worker, &needed, error))
        return -1;
    return needed ? write_to_postgres(worker, error) : 0;
}

static int check_folders(const struct worker *worker, struct error *error)
{
    if (identity_look(worker->job->archive_path, worker->job->archive_id, error))
        return -1;
    if (!staging_is_held(worker->staging))
        return error_set(error, ERROR_WORLD, "another process has taken over the staging folder %s of this one",
                         staging_token(worker->staging));
    return 0;
}

int roll_begin(struct worker *worker, struct error *error)
{
    if (!partitions_wait(&worker->partitions, SIDE_ARCHIVE))
        return 0;
    if (check_folders(worker, error))
        return -1;
    hand_over_rows(worker);
    return 0;
}

int roll_finish(struct worker *worker, struct error *error)
{
    bool unlisted;
    int status;

    if (!worker->roll)
        return 0;
    unlisted = wait_for_files(worker, error) || commit_if_needed(worker, error) || check_folders(worker, error);
    status = unlisted || list_files(worker, error) ? -1 : 0;
    if (status && (unlisted || error->kind == ERROR_FENCED))
        delete_files(worker);
    if (!status)
        status = publish_files(worker, error);
    if (!status)
        note_roll(worker);
    stages_end(&worker->stages, STAGE_ENCODE);
    end_roll(worker);
    return status;
}

int write_to_storage(struct worker *worker, struct error *error)
{
    return roll_finish(worker, error) || roll_begin(worker, error) || roll_finish(worker, error) ? -1 : 0;
}

void roll_drop(struct worker *worker)
{
    struct error error;

    if (!worker->roll)
        return;
    if (wait_for_files(worker, &error))
        log_line(LOG_DEBUG, "worker %d: %s", worker->number, error.message);
    delete_files(worker);
    end_roll(worker);
}
