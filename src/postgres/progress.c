#include "postgres/progress.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "postgres/sql.h"
#include "postgres/totals.h"

void progress_begin_parameters(struct parameters *parameters, const struct progress_key *key)
{
    parameters_text(parameters, key->job);
    parameters_text(parameters, key->topic);
}

/* The columns of partitions and of their totals' offsets. The order is the one in which claims lock the rows: two
 * workers that claim the same partitions in different orders would block each other. */
static void fill_offsets(struct columns *columns, const struct progress *list, size_t count)
{
    columns_begin(columns, (const enum array_element[]){ARRAY_INTEGER, ARRAY_BIGINT, ARRAY_END});
    for (size_t i = 0; i < count; i++) {
        invariant(i == 0 || list[i - 1].partition < list[i].partition);
        columns_add(columns, (const union element[]){{list[i].partition}, {list[i].totals_offset}});
    }
}

/* PostgreSQL does not promise the order of RETURNING, so rows are matched by partition. */
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
    return error_set(error, ANT_DEFECT, "claimed partition %d, which nobody asked for", (int)partition);
}

int progress_limit_idle_time(struct postgres *postgres, struct error *error)
{
    return postgres_do(postgres, sql_limit_idle_time, NULL, error);
}

/* All partitions in one statement: a job that has some rows counts as started, and the others would begin at their
 * first messages, whatever --start says. */
int progress_begin(struct postgres *postgres, const struct progress_key *key, const int64_t *starts, size_t count,
                   struct error *error)
{
    cleanup(array_release) struct array offsets = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    array_of_numbers(&offsets, ARRAY_BIGINT, starts, count);
    progress_begin_parameters(&parameters, key);
    parameters_array(&parameters, &offsets);
    if (postgres_run(postgres, sql_begin_progress, &parameters, &result, error))
        return error_context(error, "could not write down where the job begins");
    if (postgres_number(result, 0, 1) != 0)
        return 0;
    return written_check(postgres, "antenna.progress", (int64_t)count, postgres_number(result, 0, 0), error);
}

int progress_find_traces(struct postgres *postgres, const struct progress_key *key, const char *bytes_table,
                         struct progress_traces *ret_traces, struct error *error)
{
    cleanup(memory_free) char *sql = postgres_with_table(sql_select_traces, "bytes", bytes_table);
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    progress_begin_parameters(&parameters, key);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not look for what is known of the job");
    *ret_traces = (struct progress_traces){
        .has_progress = postgres_number(result, 0, 0) != 0,
        .known = postgres_number(result, 0, 1) != 0,
        .counted = postgres_number(result, 0, 2) != 0,
    };
    return 0;
}

/* One statement, so that the offsets which it returns are those at the moment when the epochs were raised. An earlier
 * owner's commit that is under way holds the row's lock: the claim waits for its end, and returns the offsets after it.
 * Any later commit of that owner finds another epoch. */
int progress_claim(struct postgres *postgres, const struct progress_key *key, const struct progress_claimant *claimant,
                   bool again, struct progress *list, size_t count, struct error *error)
{
    cleanup(array_release) struct array metrics = totals_labels(claimant->kinds & ~total_kinds_standard());
    cleanup(columns_release) struct columns columns = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    fill_offsets(&columns, list, count);
    progress_begin_parameters(&parameters, key);
    parameters_text(&parameters, claimant->owner);
    parameters_columns(&parameters, &columns);
    parameters_flag(&parameters, again);
    parameters_number(&parameters, claimant->window);
    parameters_array(&parameters, &metrics);
    parameters_text(&parameters, claimant->rules);
    if (postgres_run(postgres, sql_claim_progress, &parameters, &result, error))
        return error_context(error, "could not claim partitions");
    for (int row = 0; row < PQntuples(result); row++)
        if (read_claim(result, row, list, count, error))
            return -1;
    if ((size_t)PQntuples(result) == count)
        return 0;
    return again ? written_refuse(postgres, "antenna.progress", (int64_t)count, PQntuples(result), error) : 1;
}

int progress_check_rules(struct postgres *postgres, const struct progress_key *key, const char *rules,
                         const struct progress *list, size_t count, struct error *error)
{
    cleanup(array_release) struct array partitions = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    array_begin(&partitions, ARRAY_INTEGER);
    for (size_t i = 0; i < count; i++)
        array_add(&partitions, (union element){list[i].partition});
    progress_begin_parameters(&parameters, key);
    parameters_text(&parameters, rules);
    parameters_array(&parameters, &partitions);
    if (postgres_run(postgres, sql_select_other_rules, &parameters, &result, error))
        return error_context(error, "could not read the rules of the messages read before");
    if (PQntuples(result) == 0)
        return 0;
    error_set(
        error, ANT_RULES_CHANGED,
        "messages of partition %s are totalled or archived, but not both, and were accepted with %s instead of %s",
        PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1), rules);
    return error_hint(error, "run the job with the options of before until antenna status shows no lag of its archive "
                             "and totals, and then with the new ones");
}

static int fenced(struct error *error)
{
    return error_set(error, ANT_FENCED,
                     "another worker has taken over partitions of this one, or PostgreSQL was restored");
}

/* Runs an UPDATE that must change `count` rows. Fewer mean that the owner is fenced: each row is matched by epoch and
 * offset. */
static int update_all(struct postgres *postgres, const char *sql, const struct parameters *parameters, size_t count,
                      struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql, parameters, &result, error))
        return error_context(error, "could not write the progress");
    if (postgres_changed(result) != count)
        return fenced(error);
    return 0;
}

/* The columns of steps, as advance_totals.sql has them; those of the archive have no rejected messages and no end. */
enum step_column { PARTITION, EPOCH, FROM, NEXT, RECORDS, REJECTED, BYTES, UNTIL, END };

static void fill_steps(struct columns *columns, const struct progress_step *steps, size_t count)
{
    columns_begin(columns,
                  (const enum array_element[]){ARRAY_INTEGER, ARRAY_BIGINT, ARRAY_BIGINT, ARRAY_BIGINT, ARRAY_BIGINT,
                                               ARRAY_BIGINT, ARRAY_BIGINT, ARRAY_TIMESTAMP, ARRAY_BIGINT, ARRAY_END});
    for (size_t i = 0; i < count; i++) {
        const struct progress_step *step = &steps[i];

        invariant(step->from_offset <= step->next_offset);
        columns_add(columns, (const union element[]){{step->partition},
                                                     {step->epoch},
                                                     {step->from_offset},
                                                     {step->next_offset},
                                                     {step->records},
                                                     {step->rejected},
                                                     {step->bytes},
                                                     {step->until},
                                                     {step->end_offset}});
    }
}

/* See progress_explain_totals(). Distinguishes two causes of a missing row: a fence, which a new claim resolves, and a
 * trigger of the operator's that drops the change, which would repeat for ever. */
static int explain(struct postgres *postgres, const struct progress_key *key, struct columns *columns, bool totals,
                   struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};
    size_t left, count = columns_rows(columns);

    progress_begin_parameters(&parameters, key);
    parameters_arrays(&parameters, columns, PARTITION, NEXT);
    parameters_flag(&parameters, totals);
    if (postgres_run(postgres, sql_count_unmoved, &parameters, &result, error))
        return -1;
    left = (size_t)postgres_number(result, 0, 0);
    return left ? written_refuse(postgres, "antenna.progress", (int64_t)count, (int64_t)(count - left), error)
                : fenced(error);
}

int progress_explain_totals(struct postgres *postgres, const struct progress_key *key,
                            const struct progress_step *steps, size_t count, struct error *error)
{
    cleanup(columns_release) struct columns columns = {0};

    fill_steps(&columns, steps, count);
    return explain(postgres, key, &columns, true, error);
}

/* The fence of a commit: the pipeline fails with ERROR_FENCED unless the statement changes a row for each step. */
int progress_send_totals(struct pipeline *pipeline, const struct progress_key *key, const struct progress_step *steps,
                         size_t count, struct error *error)
{
    cleanup(columns_release) struct columns columns = {0};
    struct parameters parameters = {0};

    fill_steps(&columns, steps, count);
    progress_begin_parameters(&parameters, key);
    parameters_columns(&parameters, &columns);
    return pipeline_send(pipeline, sql_advance_totals, &parameters,
                         (struct pipeline_statement){.table = "antenna.progress", .rows = count, .fence = true}, error);
}

int progress_advance_archive(struct postgres *postgres, const struct progress_key *key,
                             const struct progress_step *steps, size_t count, struct error *error)
{
    cleanup(columns_release) struct columns columns = {0};
    struct parameters parameters = {0};

    fill_steps(&columns, steps, count);
    progress_begin_parameters(&parameters, key);
    parameters_arrays(&parameters, &columns, PARTITION, REJECTED);
    parameters_arrays(&parameters, &columns, BYTES, END);
    if (update_all(postgres, sql_advance_archive, &parameters, count, error) == 0)
        return 0;
    return error_kind(error) == ERROR_FENCED ? explain(postgres, key, &columns, false, error) : -1;
}

/* The columns of partitions as their owner knows them: epoch and both offsets. */
static void begin_claims(struct parameters *parameters, const struct progress_key *key, struct columns *columns,
                         const struct progress *list, size_t count)
{
    columns_begin(columns,
                  (const enum array_element[]){ARRAY_INTEGER, ARRAY_BIGINT, ARRAY_BIGINT, ARRAY_BIGINT, ARRAY_END});
    for (size_t i = 0; i < count; i++)
        columns_add(columns,
                    (const union element[]){
                        {list[i].partition}, {list[i].epoch}, {list[i].totals_offset}, {list[i].archive_offset}});
    progress_begin_parameters(parameters, key);
    parameters_columns(parameters, columns);
}

int progress_check_owned(struct postgres *postgres, const struct progress_key *key, const struct progress *list,
                         size_t count, struct error *error)
{
    cleanup(columns_release) struct columns columns = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    begin_claims(&parameters, key, &columns, list, count);
    if (postgres_run(postgres, sql_count_owned, &parameters, &result, error))
        return error_context(error, "could not read the progress");
    return postgres_number(result, 0, 0) == (int64_t)count ? 0 : fenced(error);
}

/* With the fence of a commit, on both offsets: a worker that has lost a partition must not say that it is complete, as
 * hours would be sealed without the messages of its new owner. */
int progress_note_idle(struct postgres *postgres, const struct progress_key *key, const struct progress *list,
                       size_t count, int64_t until, struct error *error)
{
    cleanup(columns_release) struct columns columns = {0};
    struct parameters parameters = {0};

    begin_claims(&parameters, key, &columns, list, count);
    parameters_timestamp(&parameters, until);
    if (update_all(postgres, sql_note_idle, &parameters, count, error) == 0)
        return 0;
    if (error_kind(error) != ERROR_FENCED || progress_check_owned(postgres, key, list, count, error))
        return -1;
    return written_refuse(postgres, "antenna.progress", (int64_t)count, 0, error);
}

/* Moving the offsets and recording the loss is one transaction: messages that are skipped are never unrecorded. It has
 * the fence of a commit. */
int progress_skip_lost(struct postgres *postgres, const struct progress_key *key, const struct progress *before,
                       const struct progress *after, struct error *error)
{
    int64_t expected =
        (before->totals_offset != after->totals_offset) + (before->archive_offset != after->archive_offset);
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    progress_begin_parameters(&parameters, key);
    parameters_number(&parameters, before->partition);
    parameters_number(&parameters, before->epoch);
    parameters_number(&parameters, before->totals_offset);
    parameters_number(&parameters, before->archive_offset);
    parameters_number(&parameters, after->totals_offset);
    parameters_number(&parameters, after->archive_offset);
    if (postgres_begin(postgres, error) || postgres_run(postgres, sql_skip_lost, &parameters, &result, error))
        return error_context(error, "could not record the loss");
    if (PQntuples(result) == 0 || postgres_number(result, 0, 0) == 0)
        return fenced(error);
    if (written_check(postgres, "antenna.loss", expected, postgres_number(result, 0, 1), error))
        return -1;
    return postgres_commit(postgres, error);
}

int progress_has_reached(struct postgres *postgres, const struct progress_key *key, const struct progress *ends,
                         size_t count, bool *ret_reached, struct error *error)
{
    cleanup(columns_release) struct columns columns = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    fill_offsets(&columns, ends, count);
    progress_begin_parameters(&parameters, key);
    parameters_columns(&parameters, &columns);
    if (postgres_run(postgres, sql_count_unfinished, &parameters, &result, error))
        return error_context(error, "could not read the progress");
    *ret_reached = postgres_number(result, 0, 0) == 0;
    return 0;
}
