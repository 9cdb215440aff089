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

/* Parts of a roll that waits for the connection. Each has up to --roll-rows rows, which wait on disk. The more parts,
 * the more messages are read again after a failure, and the more files one transaction lists. */
#define ROLL_PARTS_MAX 8

/* One or more parts, each what was encoded at a time. */
struct roll {
    struct encoding **parts;
    size_t part_count;
    bool encodes; /* the last part is with the encoder */
    struct progress_step *steps;
    size_t step_count;
    int64_t begin_us;
};

/* Names are unique without a look at the disk: the token is the writer's, and the sequence never goes back while the
 * worker lives, not even when staging is renewed. */
static void name_files(struct worker *worker, struct encoding *encoding)
{
    const char *token = staging_token(encoding->staging);

    encoding->files = memory_new(encoding->rows.hour_count, sizeof(*encoding->files));
    for (size_t i = 0; i < encoding->rows.hour_count; i++)
        layout_name(encoding->files[i].name, encoding->rows.hours[i]->hour, token, ++worker->file_sequence);
}

/* A further part extends the step of a partition: one statement moves each row of antenna.progress once. */
static void add_step(struct roll *roll, const struct progress_step *added)
{
    for (size_t i = 0; i < roll->step_count; i++) {
        struct progress_step *step = &roll->steps[i];

        if (step->partition != added->partition)
            continue;
        invariant(step->epoch == added->epoch && step->next_offset == added->from_offset);
        step->next_offset = added->next_offset;
        step->records += added->records;
        step->bytes += added->bytes;
        if (added->until > step->until)
            step->until = added->until;
        return;
    }
    roll->steps = memory_resize(roll->steps, roll->step_count + 1, sizeof(*roll->steps));
    roll->steps[roll->step_count++] = *added;
}

static void take_steps(struct worker *worker)
{
    size_t count;
    cleanup(memory_free) struct progress_step *steps = partitions_send(&worker->partitions, SIDE_ARCHIVE, &count);

    for (size_t i = 0; i < count; i++)
        add_step(worker->roll, &steps[i]);
}

/* Steps and rows must be of the same messages: no message may be taken between take_steps() and pending_begin_roll().
 * From encoder_begin() to encoder_wait() the rows belong to the encoder. Without rows, as when all messages were
 * rejected, there is nothing to encode, and only the offsets move. */
static void add_part(struct worker *worker)
{
    struct roll *roll = worker->roll;
    struct encoding *encoding = memory_new(1, sizeof(*encoding));

    take_steps(worker);
    pending_begin_roll(&worker->pending, &encoding->rows);
    rows_sort(&encoding->rows);
    encoding->dictionary = &worker->pending.dictionary;
    encoding->staging = worker->staging;
    name_files(worker, encoding);
    roll->parts = memory_resize(roll->parts, roll->part_count + 1, sizeof(*roll->parts));
    roll->parts[roll->part_count++] = encoding;
    roll->encodes = encoding->rows.hour_count > 0;
    if (roll->encodes)
        encoder_begin(worker->encoder, encoding);
}

/* After it nothing refers to names any more, also after a failure: pending_end_roll() may forget them. */
static int wait_for_files(struct worker *worker, struct error *error)
{
    struct roll *roll = worker->roll;
    int status = roll->encodes ? encoder_wait(worker->encoder, error) : 0;

    roll->encodes = false;
    pending_end_roll(&worker->pending);
    return status;
}

bool roll_is_encoded(const struct worker *worker)
{
    return worker->roll && (!worker->roll->encodes || encoder_is_done(worker->encoder));
}

/* The sum of bytes of a partition's step must fit BIGINT, as a single part's does. */
bool roll_has_room(const struct worker *worker)
{
    const struct roll *roll = worker->roll;
    int64_t sum;

    if (!roll || roll->part_count == ROLL_PARTS_MAX)
        return false;
    for (size_t i = 0; i < roll->step_count; i++) {
        const struct partition *partition = partitions_find(&worker->partitions, roll->steps[i].partition);

        if (__builtin_add_overflow(roll->steps[i].bytes, partition->archive.delta.bytes, &sum))
            return false;
    }
    return true;
}

int64_t roll_elapsed_ms(const struct worker *worker)
{
    return worker->roll ? (time_monotonic_us() - worker->roll->begin_us) / 1000 : 0;
}

static void end_roll(struct worker *worker)
{
    struct roll *roll = worker->roll;

    for (size_t i = 0; i < roll->part_count; i++) {
        struct encoding *part = roll->parts[i];

        stages_add(&worker->stages, STAGE_ENCODE, part->cpu_ns);
        rows_clear(&part->rows);
        free(part->files);
        free(part);
    }
    free(roll->parts);
    free(roll->steps);
    free(roll);
    worker->roll = NULL;
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
        return error_set(error, ANT_DEFECT, "made \"%s\", which is no name of an archive file", file->name);
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

/* A file of a roll. */
struct rolled_file {
    const struct rows_hour *hour;
    const struct encoded_file *file;
};

static int compare_hours(const void *left, const void *right)
{
    const struct rolled_file *one = left, *other = right;

    return (one->hour->hour > other->hour->hour) - (one->hour->hour < other->hour->hour);
}

/* All files, by hour: the rows of antenna.hour are locked in this order by all writers, which avoids deadlocks. Free
 * it.
 */
static struct rolled_file *collect_files(const struct roll *roll, size_t *ret_count)
{
    struct rolled_file *files;
    size_t count = 0;

    for (size_t i = 0; i < roll->part_count; i++)
        count += roll->parts[i]->rows.hour_count;
    files = memory_new(count, sizeof(*files));
    *ret_count = 0;
    for (size_t i = 0; i < roll->part_count; i++)
        for (size_t j = 0; j < roll->parts[i]->rows.hour_count; j++)
            files[(*ret_count)++] = (struct rolled_file){roll->parts[i]->rows.hours[j], &roll->parts[i]->files[j]};
    if (count)
        qsort(files, count, sizeof(*files), compare_hours);
    return files;
}

/*
 * The transaction that decides about the roll. Its order:
 * - archive_files_hold() shares the advisory lock of the token, so that a recovery of this folder waits for the
 * outcome, and fails if the token is retired already.
 * - The fence moves the offsets. A roll of a partition that another worker has claimed ends here.
 * - The files are inserted, and counted in antenna.hour.
 * Unlike a commit, it waits for the answer to each statement: one that the server starts after the connection was lost
 * could list files that the worker's own recovery has deleted.
 */
static int list_files(struct worker *worker, const struct rolled_file *rolled, size_t count, struct error *error)
{
    const struct roll *roll = worker->roll;
    cleanup(archive_files_release) struct archive_files files = {0};

    archive_files_begin(&files);
    for (size_t i = 0; i < count; i++)
        if (add_file(&files, rolled[i].hour, rolled[i].file, error))
            return -1;
    if (postgres_begin(worker->postgres, error) ||
        archive_files_hold(worker->postgres, staging_token(worker->staging), error) ||
        progress_advance_archive(worker->postgres, &worker->job->key, roll->steps, roll->step_count, error) ||
        archive_files_insert(worker->postgres, &worker->job->key, &files, error))
        return -1;
    return postgres_commit(worker->postgres, error);
}

static int publish_files(struct worker *worker, const struct rolled_file *files, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (staging_publish(worker->staging, files[i].file->name, error))
            return -1;
    return 0;
}

/* For files that cannot be listed any more. A failure is ignored: the next recovery deletes what is left. */
static void delete_files(struct worker *worker, const struct rolled_file *files, size_t count)
{
    struct error ignored;

    for (size_t i = 0; i < count; i++)
        if (staging_delete(worker->staging, files[i].file->name, &ignored))
            continue;
}

static void note_roll(struct worker *worker, const struct rolled_file *files, size_t count)
{
    const struct roll *roll = worker->roll;
    struct counters *counters = &worker->counters;

    partitions_confirm(&worker->partitions, SIDE_ARCHIVE, roll->steps, roll->step_count);
    for (size_t i = 0; i < roll->step_count; i++) {
        counter_add(&counters->archived, roll->steps[i].records);
        counter_add(&counters->archived_bytes, roll->steps[i].bytes);
    }
    for (size_t i = 0; i < count; i++)
        counter_add(&counters->file_bytes, files[i].file->size);
    counter_add(&counters->files, (int64_t)count);
    counter_set(&counters->last_roll, time_now());
    histogram_add(&counters->rolls, time_monotonic_us() - roll->begin_us);
}

static int find_nearly_full(struct worker *worker, const struct rolled_file *files, size_t count, bool *ret_any,
                            struct error *error)
{
    cleanup(array_release) struct array hours = {0};

    array_begin(&hours, ARRAY_TIMESTAMP);
    for (size_t i = 0; i < count; i++)
        array_add(&hours, (union element){files[i].hour->hour});
    return totals_any_nearly_full(worker->postgres, &hours, ret_any, error);
}

/* Commits the totals first if the listing must not be ahead of them (pending_may_roll_first()). Without pending totals
 * it is not ahead. If the commit finds an hour full, it fails, and the roll is dropped with it: some of its rows must
 * be rejected. */
static int commit_if_needed(struct worker *worker, const struct rolled_file *files, size_t count, struct error *error)
{
    bool needed = !pending_may_roll_first(&worker->pending);

    if (!needed && totals_count(worker->pending.totals) && find_nearly_full(worker, files, count, &needed, error))
        return -1;
    return needed ? write_to_postgres(worker, error) : 0;
}

/* Before files are written and again before they are listed. A listed file that is written below an empty mount point,
 * or into a folder that another process recovers, would be missing in the archive. */
static int check_folders(const struct worker *worker, struct error *error)
{
    if (identity_probe(worker->job->archive_path, worker->job->archive_id, error))
        return -1;
    if (!staging_is_held(worker->staging))
        return error_set(error, ANT_STAGING_TAKEN, "another process has taken over the staging folder %s of this one",
                         staging_token(worker->staging));
    return 0;
}

void roll_drop(struct worker *worker)
{
    cleanup(memory_free) struct rolled_file *files = NULL;
    struct error error;
    size_t count;

    if (!worker->roll)
        return;
    if (wait_for_files(worker, &error))
        log_line(LEVEL_DEBUG, "worker %d: %s", worker->number, error.message);
    files = collect_files(worker->roll, &count);
    delete_files(worker, files, count);
    end_roll(worker);
}

int roll_begin(struct worker *worker, struct error *error)
{
    if (!partitions_have_pending(&worker->partitions, SIDE_ARCHIVE))
        return 0;
    if (check_folders(worker, error) || (worker->roll && wait_for_files(worker, error))) {
        roll_drop(worker);
        return -1;
    }
    if (!worker->roll) {
        worker->roll = memory_new(1, sizeof(*worker->roll));
        worker->roll->begin_us = time_monotonic_us();
    }
    add_part(worker);
    return 0;
}

/*
 * What becomes of the files after a failure:
 * - Not listed, or fenced: the transaction cannot have been committed. They are deleted at once.
 * - Listing failed otherwise: COMMIT may have succeeded without an answer. They stay, for recovery to decide.
 * - Publishing failed: they are listed, and recovery publishes them.
 */
int roll_finish(struct worker *worker, struct error *error)
{
    cleanup(memory_free) struct rolled_file *files = NULL;
    size_t count;
    bool unlisted;
    int status;

    if (!worker->roll)
        return 0;
    unlisted = wait_for_files(worker, error);
    files = collect_files(worker->roll, &count);
    unlisted = unlisted || commit_if_needed(worker, files, count, error) || check_folders(worker, error);
    status = unlisted || list_files(worker, files, count, error) ? -1 : 0;
    if (status && (unlisted || error_kind(error) == ERROR_FENCED))
        delete_files(worker, files, count);
    if (!status)
        status = publish_files(worker, files, count, error);
    if (!status)
        note_roll(worker, files, count);
    stages_end(&worker->stages, STAGE_ENCODE);
    end_roll(worker);
    return status;
}

int write_to_storage(struct worker *worker, struct error *error)
{
    return roll_finish(worker, error) || roll_begin(worker, error) || roll_finish(worker, error) ? -1 : 0;
}
