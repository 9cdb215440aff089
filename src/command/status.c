#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "command/command.h"
#include "config/jdbc.h"
#include "postgres/ledger.h"
#include "postgres/schema.h"
#include "postgres/status.h"

#define MEGABYTE 1e6

struct status {
    struct partition_statuses partitions;
    struct archive_status archive;
    json_t *rejected; /* {reason: messages}, the most frequent first */
};

static void add_reason(void *context, const char *reason, int64_t messages)
{
    json_object_set_new(context, reason, json_integer(messages));
}

static int read_status(struct postgres *postgres, struct status *status, struct error *error)
{
    if (status_partitions(postgres, &status->partitions, error) || status_archive(postgres, &status->archive, error))
        return -1;
    return ledger_rejected(postgres, add_reason, status->rejected, error);
}

/* "-" for a time that is unknown, or for ever. */
static const char *time_or_none(int64_t time, char text[TIME_TEXT_SIZE])
{
    return time ? time_format(time, text) : "-";
}

static void print_partitions(const struct partition_statuses *partitions)
{
    const char *job = "", *topic = "";
    char until[TIME_TEXT_SIZE];

    for (size_t i = 0; i < partitions->count; i++) {
        struct partition_status status = partition_status_at(partitions, i);

        if (strcmp(job, status.job) != 0 || strcmp(topic, status.topic) != 0) {
            printf("job %s, topic %s\n", text_show(status.job).text, text_show(status.topic).text);
            printf("%9s %12s %9s %9s %7s %9s %-20s %5s %s\n", "partition", "totalled", "to store", "lag", "lag s",
                   "commit s", "archived until", "epoch", "owner");
        }
        job = status.job;
        topic = status.topic;
        printf("%9d %12" PRId64 " %9" PRId64 " %9" PRId64 " %7" PRId64 " %9" PRId64 " %-20s %5" PRId64 " %s\n",
               (int)status.partition, status.totals_offset, status.totals_offset - status.archive_offset,
               status.lag_messages, status.lag_seconds, status.commit_age, time_or_none(status.archived_until, until),
               status.epoch, text_show(status.owner).text);
    }
}

static void print_rejected(json_t *rejected)
{
    const char *separator = "", *reason;
    json_t *messages;

    printf("rejected  ");
    json_object_foreach(rejected, reason, messages)
    {
        printf("%s%s %" JSON_INTEGER_FORMAT, separator, text_show(reason).text, json_integer_value(messages));
        separator = ", ";
    }
    printf("%s\n", *separator ? "" : "nothing");
}

static void print_tables(const struct status *status)
{
    const struct archive_status *archive = &status->archive;
    char until[TIME_TEXT_SIZE];

    print_partitions(&status->partitions);
    printf("hours     %" PRId64 " open, %" PRId64 " new, %" PRId64 " dirty, %" PRId64 " clean; sealed until %s\n",
           archive->open_hours, archive->new_hours, archive->dirty_hours, archive->clean_hours,
           time_or_none(archive->sealed_until, until));
    printf("archive   %" PRId64 " files, %" PRId64 " rows, %" PRId64 " bytes; %.1f MB on disk\n", archive->files,
           archive->rows, archive->bytes, (double)archive->size / MEGABYTE);
    printf("database  %.1f MB\n", (double)archive->database_size / MEGABYTE);
    print_rejected(status->rejected);
}

static json_t *partition_as_json(const struct partition_status *status)
{
    char until[TIME_TEXT_SIZE];

    return json_pack("{s:s, s:s, s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "job", status->job, "topic",
                     status->topic, "partition", (int)status->partition, "owner", status->owner, "epoch",
                     (json_int_t)status->epoch, "totals_offset", (json_int_t)status->totals_offset, "archive_offset",
                     (json_int_t)status->archive_offset, "lag_messages", (json_int_t)status->lag_messages,
                     "lag_seconds", (json_int_t)status->lag_seconds, "commit_age_seconds",
                     (json_int_t)status->commit_age, "archived_until", time_or_none(status->archived_until, until));
}

static void print_json(const struct status *status)
{
    const struct archive_status *archive = &status->archive;
    json_t *partitions = json_array(), *object;
    char until[TIME_TEXT_SIZE];

    for (size_t i = 0; i < status->partitions.count; i++) {
        struct partition_status partition = partition_status_at(&status->partitions, i);

        json_array_append_new(partitions, partition_as_json(&partition));
    }
    object =
        json_pack("{s:o, s:{s:I, s:I, s:I, s:I, s:s}, s:{s:I, s:I, s:I, s:I}, s:I, s:O}", "partitions", partitions,
                  "hours", "open", (json_int_t)archive->open_hours, "new", (json_int_t)archive->new_hours, "dirty",
                  (json_int_t)archive->dirty_hours, "clean", (json_int_t)archive->clean_hours, "sealed_until",
                  time_or_none(archive->sealed_until, until), "archive", "files", (json_int_t)archive->files, "rows",
                  (json_int_t)archive->rows, "bytes", (json_int_t)archive->bytes, "size", (json_int_t)archive->size,
                  "database_size", (json_int_t)archive->database_size, "rejected", status->rejected);
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    putchar('\n');
    json_decref(object);
}

int command_status(const struct config *config, struct error *error)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;
    struct status status = {.rejected = json_object()};
    int result = 0;

    if (jdbc_from_config(config, &address, error) || postgres_open(&address, &postgres, error) ||
        schema_check(postgres, config, error) || read_status(postgres, &status, error))
        result = -1;
    else if (config_flag(config, OPTION_JSON))
        print_json(&status);
    else
        print_tables(&status);
    partition_statuses_release(&status.partitions);
    json_decref(status.rejected);
    return result;
}
