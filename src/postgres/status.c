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
};

enum archive_column {
    ARCHIVE_OPEN,
    ARCHIVE_NEW,
    ARCHIVE_DIRTY,
    ARCHIVE_CLEAN,
    ARCHIVE_FILES,
    ARCHIVE_ROWS,
    ARCHIVE_BYTES,
    ARCHIVE_SIZE,
    ARCHIVE_UNTIL,
    ARCHIVE_DATABASE_SIZE,
};

int status_partitions(struct postgres *postgres, struct partition_statuses *ret_partitions, struct error *error)
{
    if (postgres_run(postgres, sql_select_partitions, NULL, &ret_partitions->result, error))
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
    };
}

void partition_statuses_release(struct partition_statuses *partitions)
{
    postgres_clear(&partitions->result);
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
        .clean_hours = postgres_number(result, 0, ARCHIVE_CLEAN),
        .files = postgres_number(result, 0, ARCHIVE_FILES),
        .rows = postgres_number(result, 0, ARCHIVE_ROWS),
        .bytes = postgres_number(result, 0, ARCHIVE_BYTES),
        .size = postgres_number(result, 0, ARCHIVE_SIZE),
        .sealed_until = postgres_number(result, 0, ARCHIVE_UNTIL),
        .database_size = postgres_number(result, 0, ARCHIVE_DATABASE_SIZE),
    };
    return 0;
}
