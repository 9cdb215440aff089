#include "postgres/progress.h"

#include <stdlib.h>
#include <string.h>

#include "postgres/sql.h"

static void begin(struct parameters *parameters, const struct progress_key *key)
{
    parameters_text(parameters, key->job);
    parameters_text(parameters, key->topic);
}

/* The order of the answer is that of the partitions, but nothing promises it. */
static int read_claim(const PGresult *result, int row, struct progress *list, size_t count, struct error *error)
{
    int32_t partition = (int32_t)postgres_number(result, row, 0);

    for (size_t i = 0; i < count; i++) {
        if (list[i].partition != partition)
            continue;
        list[i].totals_offset = postgres_number(result, row, 1);
        list[i].archive_offset = postgres_number(result, row, 2);
        list[i].epoch = postgres_number(result, row, 3);
        return 0;
    }
    return error_set(error, ERROR_FAILED, "claimed partition %d, which nobody asked for", (int)partition);
}

int progress_limit_idle_time(struct postgres *postgres, struct error *error)
{
    return postgres_do(postgres, sql_limit_idle_time, NULL, error);
}

int progress_begin(struct postgres *postgres, const struct progress_key *key, const int64_t *starts, size_t count,
                   struct error *error)
{
    cleanup(array_release) struct array offsets = {0};
    struct parameters parameters = {0};

    array_begin(&offsets, ARRAY_BIGINT);
    for (size_t i = 0; i < count; i++)
        array_add_bigint(&offsets, starts[i]);
    begin(&parameters, key);
    parameters_array(&parameters, &offsets);
    if (postgres_do(postgres, sql_begin_progress, &parameters, error))
        return error_context(error, "could not write down where the job begins");
    return 0;
}

int progress_note_topic(struct postgres *postgres, const struct progress_key *key, const char *id, bool *ret_same,
                        struct buffer *ret_other, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    begin(&parameters, key);
    parameters_text(&parameters, id);
    if (postgres_run(postgres, sql_note_topic, &parameters, &result, error))
        return error_context(error, "could not write down the topic's id");
    *ret_same = strcmp(PQgetvalue(result, 0, 0), id) == 0;
    buffer_text(ret_other, PQgetvalue(result, 0, 1));
    return 0;
}

int progress_claim(struct postgres *postgres, const struct progress_key *key, const char *owner, struct progress *list,
                   size_t count, struct error *error)
{
    cleanup(array_release) struct array partitions = {0};
    cleanup(array_release) struct array starts = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    array_begin(&partitions, ARRAY_INTEGER);
    array_begin(&starts, ARRAY_BIGINT);
    for (size_t i = 0; i < count; i++) {
        array_add_integer(&partitions, list[i].partition);
        array_add_bigint(&starts, list[i].totals_offset);
    }
    begin(&parameters, key);
    parameters_text(&parameters, owner);
    parameters_array(&parameters, &partitions);
    parameters_array(&parameters, &starts);
    if (postgres_run(postgres, sql_claim_progress, &parameters, &result, error))
        return error_context(error, "could not claim partitions");
    if ((size_t)PQntuples(result) != count)
        return error_set(error, ERROR_FAILED, "claimed %d of %zu partitions", PQntuples(result), count);
    for (int row = 0; row < PQntuples(result); row++)
        if (read_claim(result, row, list, count, error))
            return -1;
    return 0;
}

/* Runs an UPDATE that must change `count` rows. */
static int update_all(struct postgres *postgres, const char *sql, const struct parameters *parameters, size_t count,
                      struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql, parameters, &result, error))
        return error_context(error, "could not write the progress");
    if (strtoull(PQcmdTuples(result), NULL, 10) != count)
        return error_set(error, ERROR_FENCED, "another worker has taken over partitions of this one");
    return 0;
}

struct step_arrays {
    struct array partitions, epochs, offsets, records, rejected, bytes, untils, ends;
};

static void fill(struct step_arrays *arrays, const struct progress_step *steps, size_t count)
{
    array_begin(&arrays->partitions, ARRAY_INTEGER);
    array_begin(&arrays->epochs, ARRAY_BIGINT);
    array_begin(&arrays->offsets, ARRAY_BIGINT);
    array_begin(&arrays->records, ARRAY_BIGINT);
    array_begin(&arrays->rejected, ARRAY_BIGINT);
    array_begin(&arrays->bytes, ARRAY_BIGINT);
    array_begin(&arrays->untils, ARRAY_TIMESTAMP);
    array_begin(&arrays->ends, ARRAY_BIGINT);
    for (size_t i = 0; i < count; i++) {
        array_add_integer(&arrays->partitions, steps[i].partition);
        array_add_bigint(&arrays->epochs, steps[i].epoch);
        array_add_bigint(&arrays->offsets, steps[i].next_offset);
        array_add_bigint(&arrays->records, steps[i].records);
        array_add_bigint(&arrays->rejected, steps[i].rejected);
        array_add_bigint(&arrays->bytes, steps[i].bytes);
        array_add_timestamp(&arrays->untils, steps[i].until);
        array_add_bigint(&arrays->ends, steps[i].end_offset);
    }
}

static void release(struct step_arrays *arrays)
{
    array_release(&arrays->partitions);
    array_release(&arrays->epochs);
    array_release(&arrays->offsets);
    array_release(&arrays->records);
    array_release(&arrays->rejected);
    array_release(&arrays->bytes);
    array_release(&arrays->untils);
    array_release(&arrays->ends);
}

int progress_advance_totals(struct postgres *postgres, const struct progress_key *key,
                            const struct progress_step *steps, size_t count, struct error *error)
{
    cleanup(release) struct step_arrays arrays = {0};
    struct parameters parameters = {0};

    fill(&arrays, steps, count);
    begin(&parameters, key);
    parameters_array(&parameters, &arrays.partitions);
    parameters_array(&parameters, &arrays.epochs);
    parameters_array(&parameters, &arrays.offsets);
    parameters_array(&parameters, &arrays.records);
    parameters_array(&parameters, &arrays.rejected);
    parameters_array(&parameters, &arrays.bytes);
    parameters_array(&parameters, &arrays.untils);
    parameters_array(&parameters, &arrays.ends);
    return update_all(postgres, sql_advance_totals, &parameters, count, error);
}

int progress_advance_archive(struct postgres *postgres, const struct progress_key *key,
                             const struct progress_step *steps, size_t count, struct error *error)
{
    cleanup(release) struct step_arrays arrays = {0};
    struct parameters parameters = {0};

    fill(&arrays, steps, count);
    begin(&parameters, key);
    parameters_array(&parameters, &arrays.partitions);
    parameters_array(&parameters, &arrays.epochs);
    parameters_array(&parameters, &arrays.offsets);
    parameters_array(&parameters, &arrays.records);
    parameters_array(&parameters, &arrays.bytes);
    parameters_array(&parameters, &arrays.untils);
    return update_all(postgres, sql_advance_archive, &parameters, count, error);
}

int progress_note_idle(struct postgres *postgres, const struct progress_key *key, const struct progress_step *steps,
                       size_t count, struct error *error)
{
    cleanup(release) struct step_arrays arrays = {0};
    struct parameters parameters = {0};

    fill(&arrays, steps, count);
    begin(&parameters, key);
    parameters_array(&parameters, &arrays.partitions);
    parameters_array(&parameters, &arrays.epochs);
    parameters_array(&parameters, &arrays.untils);
    return update_all(postgres, sql_note_idle, &parameters, count, error);
}

int progress_skip_lost(struct postgres *postgres, const struct progress_key *key, const struct progress *after,
                       struct error *error)
{
    struct parameters parameters = {0};

    begin(&parameters, key);
    parameters_number(&parameters, after->partition);
    parameters_number(&parameters, after->epoch);
    parameters_number(&parameters, after->totals_offset);
    parameters_number(&parameters, after->archive_offset);
    return update_all(postgres, sql_skip_lost, &parameters, 1, error);
}

int progress_has_reached(struct postgres *postgres, const struct progress_key *key, const struct progress *ends,
                         size_t count, bool *ret_reached, struct error *error)
{
    cleanup(array_release) struct array partitions = {0};
    cleanup(array_release) struct array offsets = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    array_begin(&partitions, ARRAY_INTEGER);
    array_begin(&offsets, ARRAY_BIGINT);
    for (size_t i = 0; i < count; i++) {
        array_add_integer(&partitions, ends[i].partition);
        array_add_bigint(&offsets, ends[i].totals_offset);
    }
    begin(&parameters, key);
    parameters_array(&parameters, &partitions);
    parameters_array(&parameters, &offsets);
    if (postgres_run(postgres, sql_count_unfinished, &parameters, &result, error))
        return error_context(error, "could not read the progress");
    *ret_reached = postgres_number(result, 0, 0) == 0;
    return 0;
}
