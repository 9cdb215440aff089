#include "postgres/status.h"

#include "postgres/sql.h"

enum partition_column {
    PARTITION_JOB,
    PARTITION_TOPIC,
    PARTITION_NUMBER,
    PARTITION_TOTALS,
    PARTITION_ARCHIVE,
    PARTITION_LAG_MESSAGES,
    PARTITION_LAG_SECONDS,
    PARTITION_EPOCH,
    PARTITION_OWNER,
    PARTITION_COMMIT_AGE,
    PARTITION_UNTIL,
    PARTITION_READ,
    PARTITION_REJECTED,
};

enum hour_column {
    HOUR_BEGIN,
    HOUR_STATE,
    HOUR_SEALED,
    HOUR_DIRTY,
    HOUR_FILES,
    HOUR_ROWS,
    HOUR_BYTES,
    HOUR_CHANGED,
    HOUR_BATCH,
};

enum archive_column {
    ARCHIVE_OPEN,
    ARCHIVE_NEW,
    ARCHIVE_DIRTY,
    ARCHIVE_HELD,
    ARCHIVE_CLEAN,
    ARCHIVE_PRUNED,
    ARCHIVE_FILES,
    ARCHIVE_ROWS,
    ARCHIVE_BYTES,
    ARCHIVE_SIZE,
    ARCHIVE_UNTIL,
    ARCHIVE_DATABASE_SIZE,
};

int status_partitions(struct postgres *postgres, const struct partition_filter *filter,
                      struct partition_statuses *ret_partitions, struct error *error)
{
    struct parameters parameters = {0};

    parameters_text(&parameters, filter->job);
    parameters_text(&parameters, filter->topic);
    if (postgres_run(postgres, sql_select_partitions, &parameters, &ret_partitions->result, error))
        return error_context(error, "could not read the progress");
    ret_partitions->count = (size_t)PQntuples(ret_partitions->result);
    return 0;
}

struct partition_status partition_status_at(const struct partition_statuses *partitions, size_t index)
{
    const PGresult *result = partitions->result;
    int row = (int)index;

    return (struct partition_status){
        .job = PQgetvalue(result, row, PARTITION_JOB),
        .topic = PQgetvalue(result, row, PARTITION_TOPIC),
        .owner = PQgetvalue(result, row, PARTITION_OWNER),
        .partition = (int32_t)postgres_number(result, row, PARTITION_NUMBER),
        .totals_offset = postgres_number(result, row, PARTITION_TOTALS),
        .archive_offset = postgres_number(result, row, PARTITION_ARCHIVE),
        .lag_messages = postgres_number(result, row, PARTITION_LAG_MESSAGES),
        .lag_seconds = postgres_number(result, row, PARTITION_LAG_SECONDS),
        .epoch = postgres_number(result, row, PARTITION_EPOCH),
        .commit_age = postgres_number(result, row, PARTITION_COMMIT_AGE),
        .archived_until = postgres_number(result, row, PARTITION_UNTIL),
        .read = postgres_number(result, row, PARTITION_READ),
        .rejected = postgres_number(result, row, PARTITION_REJECTED),
    };
}

void partition_statuses_release(struct partition_statuses *partitions)
{
    postgres_clear(&partitions->result);
}

int status_hours(struct postgres *postgres, size_t most, struct hour_statuses *ret_hours, struct error *error)
{
    struct parameters parameters = {0};

    parameters_number(&parameters, (int64_t)most);
    if (postgres_run(postgres, sql_select_hour_statuses, &parameters, &ret_hours->result, error))
        return error_context(error, "could not read the hours of the archive");
    ret_hours->count = (size_t)PQntuples(ret_hours->result);
    return 0;
}

struct hour_status hour_status_at(const struct hour_statuses *hours, size_t index)
{
    const PGresult *result = hours->result;
    int row = (int)index;

    return (struct hour_status){
        .hour = postgres_number(result, row, HOUR_BEGIN),
        .state = PQgetvalue(result, row, HOUR_STATE),
        .sealed = postgres_number(result, row, HOUR_SEALED) != 0,
        .dirty = postgres_number(result, row, HOUR_DIRTY) != 0,
        .files = postgres_number(result, row, HOUR_FILES),
        .rows = postgres_number(result, row, HOUR_ROWS),
        .bytes = postgres_number(result, row, HOUR_BYTES),
        .changed_at = postgres_number(result, row, HOUR_CHANGED),
        .batch_at = postgres_number(result, row, HOUR_BATCH),
    };
}

void hour_statuses_release(struct hour_statuses *hours)
{
    postgres_clear(&hours->result);
}

int status_archive(struct postgres *postgres, struct archive_status *ret_archive, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_select_archive, NULL, &result, error))
        return error_context(error, "could not read the state of the archive");
    *ret_archive = (struct archive_status){
        .open_hours = postgres_number(result, 0, ARCHIVE_OPEN),
        .new_hours = postgres_number(result, 0, ARCHIVE_NEW),
        .dirty_hours = postgres_number(result, 0, ARCHIVE_DIRTY),
        .held_hours = postgres_number(result, 0, ARCHIVE_HELD),
        .clean_hours = postgres_number(result, 0, ARCHIVE_CLEAN),
        .pruned_hours = postgres_number(result, 0, ARCHIVE_PRUNED),
        .files = postgres_number(result, 0, ARCHIVE_FILES),
        .rows = postgres_number(result, 0, ARCHIVE_ROWS),
        .bytes = postgres_number(result, 0, ARCHIVE_BYTES),
        .size = postgres_number(result, 0, ARCHIVE_SIZE),
        .sealed_until = postgres_number(result, 0, ARCHIVE_UNTIL),
        .database_size = postgres_number(result, 0, ARCHIVE_DATABASE_SIZE),
    };
    return 0;
}

int status_forgetting(struct postgres *postgres, struct forgetting_status *ret_forgetting, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (postgres_run(postgres, sql_count_forgetting, NULL, &result, error))
        return error_context(error, "could not read which users are being erased");
    *ret_forgetting = (struct forgetting_status){
        .count = postgres_number(result, 0, 0),
        .id = PQgetisnull(result, 0, 1) ? NULL : postgres_text(result, 0, 1),
        .begun_at = postgres_number(result, 0, 2),
    };
    return 0;
}
