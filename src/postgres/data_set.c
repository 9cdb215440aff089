#include "postgres/data_set.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "postgres/contract.h"
#include "postgres/sql.h"

/* Columns of select_data_set.sql, a row for each contract. */
enum { KNOWN, GIVEN, REPLACEABLE, UNVIEWED };

/* What prevents a job, by the codes of select_conflict.sql; its name comes between the two parts. */
static const struct {
    const char *code;
    enum error_code refusal;
    const char *before, *after;
    const char *hint;
} conflicts[] = {
    {"retired", ANT_JOB_CONFLICT, "the job ", " was retired: its hours are sealed without it",
     "give a new --job, and --start latest; to use this one again, set archived_until of its rows in antenna.progress "
     "to "
     "NULL"},
    {"table", ANT_JOB_CONFLICT, "the table ", " belongs to the batch layer",
     "give another table for the window totals"},
    {"moved", ANT_JOB_CONFLICT, "it has counted into the table ", " until now",
     "give that table as jdbc-table, or a new --job"},
    {"reader", ANT_JOB_CONFLICT, "job ", " reads this topic into the same table: each message would be counted twice",
     "stop and retire that job, or use its name; a second count takes --no-archive and a table of its own, or another "
     "database"},
    {"read", ANT_JOB_CONFLICT, "the retired job ",
     " has read this topic: messages before its end would be counted twice",
     "give --start latest or a time after its last message, or see Start over in the recipes"},
    {"archived", ANT_JOB_CONFLICT, "job ", " archives: totals without an archive would be missing in every batch run",
     "leave out --no-archive, or give a table of its own, or another database"},
    {"totals", ANT_JOB_CONFLICT, "job ",
     " has counted without an archive into the same table: batch runs would lack its bytes",
     "go on with --no-archive, or see Start over in the recipes, or use another database"},
    {"part", ANT_JOB_CONFLICT, "the table ", " and its own share rows, as one is a partition or child of the other",
     "give that table, or a separate table"},
    {"behind", ANT_PROGRESS_SET_BACK, "antenna.progress was set back in partition ",
     ": the archive lists files of later messages, which would be counted twice",
     "restore all tables from one backup, see Backup and restore in the operators' guide"},
};

static int compare(struct postgres *postgres, const struct config *config, PGresult **ret_result, struct error *error)
{
    if (contracts_run(postgres, config, sql_select_data_set, ret_result, error))
        return error_context(error, "could not read the tables of the data set");
    if (PQntuples(*ret_result) == CONTRACTS)
        return 0;
    error_set(error, ANT_DATA_SET_UNKNOWN, "the schema antenna does not know the tables of its data set");
    return error_hint(error, "run antenna provision with the names of the tables");
}

static bool is_same(const PGresult *result, int row)
{
    return strcmp(PQgetvalue(result, row, KNOWN), PQgetvalue(result, row, GIVEN)) == 0;
}

static int refuse_table(const struct config *config, const PGresult *result, int row, struct error *error)
{
    error_set(error, ANT_TABLE_OF_ANOTHER, "table \"%s\" is not the data set's: this database has %s in its place",
              text_show(config_text(config, contracts[row].option)).text, PQgetvalue(result, row, KNOWN));
    return error_hint(error,
                      "give that table as --%s, or use another database; after a rename, run antenna provision "
                      "with the new name",
                      option_table[contracts[row].option].name);
}

static int replace_tables(struct postgres *postgres, const PGresult *result, struct error *error)
{
    struct parameters parameters = {0};

    for (int i = 0; i < CONTRACTS; i++)
        parameters_text(&parameters, PQgetvalue(result, i, GIVEN));
    return postgres_do(postgres, sql_update_data_set, &parameters, error);
}

int data_set_note(struct postgres *postgres, const struct config *config, struct error *error)
{
    cleanup(postgres_clear) PGresult *inserted = NULL;
    cleanup(postgres_clear) PGresult *result = NULL;
    bool differs = false;

    if (contracts_run(postgres, config, sql_insert_data_set, &inserted, error) ||
        compare(postgres, config, &result, error))
        return -1;
    for (int i = 0; i < CONTRACTS; i++) {
        if (!is_same(result, i) && postgres_number(result, i, REPLACEABLE) == 0)
            return refuse_table(config, result, i, error);
        differs = differs || !is_same(result, i);
    }
    return differs ? replace_tables(postgres, result, error) : 0;
}

/* Whether a table is the job's own. */
static bool is_exempt(const struct config *config, enum contract_id id)
{
    return id == CONTRACT_BYTES && option_taken(&option_table[OPTION_NO_ARCHIVE], config_command(config)) &&
           config_flag(config, OPTION_NO_ARCHIVE);
}

/* Also for commands that do not name the table: the views show what is in it. */
static int refuse_unviewed(const PGresult *result, int row, struct error *error)
{
    error_set(
        error, ANT_TABLE_REPLACED,
        "the views of the schema antenna do not read the table %s: it was replaced after they were made, or they were "
        "dropped",
        PQgetvalue(result, row, KNOWN));
    return error_hint(error, "run antenna provision, which makes the views again");
}

int data_set_check(struct postgres *postgres, const struct config *config, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (compare(postgres, config, &result, error))
        return -1;
    for (int i = 0; i < CONTRACTS; i++)
        if (option_taken(&option_table[contracts[i].option], config_command(config)) &&
            !is_exempt(config, (enum contract_id)i) && !is_same(result, i))
            return refuse_table(config, result, i, error);
    /* Another table of users is noticed by what the history of quotas lacks (ANT_QUOTAS_UNKNOWN). */
    for (int i = 0; i < CONTRACTS; i++)
        if (i != CONTRACT_USER_METADATA && postgres_number(result, i, UNVIEWED) != 0)
            return refuse_unviewed(result, i, error);
    return 0;
}

int data_set_lock(struct postgres *postgres, struct error *error)
{
    return postgres_do(postgres, sql_lock_data_set, NULL, error);
}

int data_set_unlock(struct postgres *postgres, struct error *error)
{
    return postgres_do(postgres, sql_unlock_data_set, NULL, error);
}

static void begin_join(struct parameters *parameters, const struct data_set_job *job, const char *id, const char *table)
{
    progress_begin_parameters(parameters, &job->key);
    parameters_text(parameters, id);
    parameters_text(parameters, table);
    parameters_flag(parameters, job->archive);
}

static int refuse_conflict(const struct data_set_job *job, const char *code, const char *name, struct error *error)
{
    for (size_t i = 0; i < sizeof(conflicts) / sizeof(*conflicts); i++) {
        if (strcmp(conflicts[i].code, code) != 0)
            continue;
        error_set(error, conflicts[i].refusal, "%s\"%s\"%s", conflicts[i].before, text_show(name).text,
                  conflicts[i].after);
        error_context(error, "job \"%s\" cannot count topic \"%s\"", job->key.job, job->key.topic);
        return error_hint(error, "%s", conflicts[i].hint);
    }
    return error_set(error, ANT_DEFECT, "unknown conflict \"%s\"", code);
}

static int find_conflict(struct postgres *postgres, const struct data_set_job *job, const char *id, const char *table,
                         struct error *error)
{
    cleanup(array_release) struct array starts = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    array_of_numbers(&starts, ARRAY_BIGINT, job->starts, job->start_count);
    begin_join(&parameters, job, id, table);
    parameters_array(&parameters, &starts);
    if (postgres_run(postgres, sql_select_conflict, &parameters, &result, error))
        return error_context(error, "could not look for other jobs of the data set");
    return PQntuples(result) == 0 ? 0 : refuse_conflict(job, PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1), error);
}

/* Runs under data_set_lock() at the start of a job: otherwise two jobs could each find no conflict, and then both
 * count. Later calls check again, without the lock, that nothing has changed. */
int data_set_join(struct postgres *postgres, const struct data_set_job *job, const char *id, bool *ret_same,
                  struct error *error)
{
    cleanup(memory_free) char *table = contract_quote(job->table);
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    if (find_conflict(postgres, job, id, table, error))
        return -1;
    begin_join(&parameters, job, id, table);
    if (postgres_run(postgres, sql_note_topic, &parameters, &result, error))
        return error_context(error, "could not store the topic's id");
    if (PQntuples(result) == 0)
        return written_refuse(postgres, "antenna.topic", 1, 0, error);
    *ret_same = !*id || strcmp(PQgetvalue(result, 0, 0), id) == 0;
    return 0;
}

int data_set_read_archive(struct postgres *postgres, struct data_set_archive *ret_archive, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_select_archive_identity, NULL, &result, error))
        return error_context(error, "could not read the archive's identity");
    if (PQntuples(result) == 0) {
        error_set(error, ANT_DATA_SET_UNKNOWN, "the schema antenna does not know its data set");
        return error_hint(error, "run antenna provision with the names of the tables");
    }
    snprintf(ret_archive->id, sizeof(ret_archive->id), "%s", PQgetvalue(result, 0, 0));
    ret_archive->marked = postgres_number(result, 0, 1) != 0;
    ret_archive->listed = postgres_number(result, 0, 2) != 0;
    ret_archive->counted = postgres_number(result, 0, 3) != 0;
    return 0;
}

int data_set_mark_archive(struct postgres *postgres, const char *id, struct error *error)
{
    struct parameters parameters = {0};

    parameters_text(&parameters, id);
    return written_run(postgres, sql_mark_archive, &parameters, "antenna.data_set", 1, error);
}
