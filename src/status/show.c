#include "status/show.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/text.h"
#include "base/time.h"

/* Lines that are always there: the hours in sum, archive, database, rejected messages. */
#define SUM_LINES 4

/* A job has a line of its own and one of titles; the hours have one of titles. */
#define JOB_LINES 2
#define HOUR_TITLE_LINES 1

/* The part of the room that hours have where partitions would take all of it. */
#define HOURS_SHARE 4

/* The columns that a name keeps, however long the figures behind it are. */
#define NAME_COLUMNS_MIN 8

/* Of "…". */
#define CUT_COLUMNS 1

/* What is left for rows. */
struct rows {
    size_t partitions;
    size_t hours;
};

/* A run of partitions that belong to one job and topic. */
struct group {
    size_t first, end;
};

/* "-" for a time that is unknown, or for ever. */
static const char *time_or_none(int64_t time, char text[TIME_TEXT_SIZE])
{
    return time ? time_format(time, text) : "-";
}

static struct group next_group(const struct partition_statuses *partitions, size_t first)
{
    struct partition_status begin = partition_status_at(partitions, first);
    struct group group = {first, first + 1};

    for (; group.end < partitions->count; group.end++) {
        struct partition_status status = partition_status_at(partitions, group.end);

        if (strcmp(begin.job, status.job) != 0 || strcmp(begin.topic, status.topic) != 0)
            break;
    }
    return group;
}

static size_t count_groups(const struct partition_statuses *partitions)
{
    size_t count = 0;

    for (size_t first = 0; first < partitions->count; count++)
        first = next_group(partitions, first).end;
    return count;
}

/* Without thresholds, notices are not shown. */
static bool has_notices(const struct figures *figures)
{
    return figures->notices.wanted || figures->notices.waiting || figures->notices.dead;
}

static struct rows rows_in(const struct figures *figures, size_t lines)
{
    size_t fixed = count_groups(&figures->partitions) * JOB_LINES + HOUR_TITLE_LINES + SUM_LINES +
                   has_notices(figures) + (figures->forgetting.count > 0);
    size_t left = lines > fixed ? lines - fixed : 0;
    size_t partitions = figures->partitions.count, hours = figures->hours.count;
    size_t least = hours < left / HOURS_SHARE ? hours : left / HOURS_SHARE;

    if (left - least < partitions)
        return (struct rows){left - least, least};
    return (struct rows){partitions, hours < left - partitions ? hours : left - partitions};
}

static void append_name(struct buffer *text, const char *what, const char *name, size_t columns)
{
    struct text_shown shown = text_show(name);
    size_t taken, size = text_fit(shown.text, columns, &taken);

    buffer_text(text, what);
    if (!shown.text[size]) {
        buffer_text(text, shown.text);
        return;
    }
    buffer_append(text, shown.text, text_fit(shown.text, columns - CUT_COLUMNS, &taken));
    buffer_text(text, "…");
}

/* Job and topic share what the figures leave of the line; what the first does not need the other has. */
static void append_names(struct buffer *text, const struct partition_status *status, size_t figures, size_t columns)
{
    static const char job[] = "job ", topic[] = ", topic ";
    struct text_shown shown = text_show(status->job);
    size_t other = figures + strlen(job) + strlen(topic), left = columns > other ? columns - other : 0, job_columns;

    if (shown.text[text_fit(shown.text, left / 2, &job_columns)] && job_columns < NAME_COLUMNS_MIN)
        job_columns = NAME_COLUMNS_MIN;
    left = left > job_columns + NAME_COLUMNS_MIN ? left - job_columns : NAME_COLUMNS_MIN;
    append_name(text, job, status->job, job_columns);
    append_name(text, topic, status->topic, left);
}

static void show_job(const struct figures *figures, const struct group *group, size_t columns, struct buffer *text)
{
    struct partition_status first = partition_status_at(&figures->partitions, group->first);
    cleanup(buffer_release) struct buffer sums = {0};
    int64_t waiting = 0, behind = 0, silent = 0;
    double rate = 0;
    bool known = true;

    for (size_t i = group->first; i < group->end; i++) {
        struct partition_status status = partition_status_at(&figures->partitions, i);

        waiting += status.lag_messages;
        behind = status.lag_seconds > behind ? status.lag_seconds : behind;
        silent = status.commit_age > silent ? status.commit_age : silent;
        rate += figures->rates[i];
        known = known && figures->rates[i] >= 0;
    }
    buffer_text(&sums, ": ");
    if (known)
        buffer_printf(&sums, "%.0f messages/s, ", rate);
    buffer_printf(&sums, "%" PRId64 " waiting, %" PRId64 " s behind", waiting, behind);
    if (silent > FIGURES_SILENT_SECONDS)
        buffer_printf(&sums, " as of %" PRId64 " s ago, the last commit", silent);
    buffer_text(&sums, "\n");
    append_names(text, &first, sums.size - 1, columns);
    buffer_text(text, sums.data);
}

static void add_partition(struct table *table, const struct partition_status *status, double rate)
{
    char until[TIME_TEXT_SIZE];

    table_cell(table, "%d", (int)status->partition);
    table_cell(table, "%" PRId64, status->totals_offset);
    table_cell(table, "%" PRId64, status->archive_offset);
    table_cell(table, "%" PRId64, status->lag_messages);
    table_cell(table, "%" PRId64, status->lag_seconds);
    if (rate < 0)
        table_cell(table, "-");
    else
        table_cell(table, "%.0f", rate);
    table_cell(table, "%" PRId64, status->commit_age);
    table_cell(table, "%" PRId64, status->epoch);
    table_cell(table, "%s", *status->owner ? text_show(status->owner).text : "-");
    table_cell(table, "%s", time_or_none(status->archived_until, until));
}

/* The partitions that have no row; one of them that is behind is named. */
static void show_left_out(const struct figures *figures, struct group group, struct buffer *text)
{
    struct partition_status last = partition_status_at(&figures->partitions, group.first);

    for (size_t i = group.first + 1; i < group.end; i++) {
        struct partition_status status = partition_status_at(&figures->partitions, i);

        if (status.lag_seconds > last.lag_seconds ||
            (status.lag_seconds == last.lag_seconds && status.lag_messages > last.lag_messages))
            last = status;
    }
    buffer_printf(text, "… %zu more partitions", group.end - group.first);
    if (last.lag_seconds || last.lag_messages)
        buffer_printf(text, ", of which %d is furthest behind: %" PRId64 " waiting, %" PRId64 " s", (int)last.partition,
                      last.lag_messages, last.lag_seconds);
    buffer_text(text, "\n");
}

static void show_group(const struct figures *figures, const struct group *group, size_t rows, size_t columns,
                       struct buffer *text)
{
    static const struct table_column titles[] = {
        {"part", false},  {"totalled", false}, {"archived", false}, {"lag", false},  {"lag s", false},
        {"msg/s", false}, {"commit s", false}, {"epoch", false},    {"owner", true}, {"archived until", true},
    };
    cleanup(table_release) struct table table = {0};
    size_t count = group->end - group->first;
    size_t shown = count <= rows ? count : rows ? rows - 1 : 0; /* a row says how many are left out */

    show_job(figures, group, columns, text);
    if (shown) {
        table_begin(&table, titles, sizeof(titles) / sizeof(*titles));
        for (size_t i = group->first; i < group->first + shown; i++) {
            struct partition_status status = partition_status_at(&figures->partitions, i);

            add_partition(&table, &status, figures->rates[i]);
        }
        table_write(&table, text);
    }
    if (shown < count)
        show_left_out(figures, (struct group){group->first + shown, group->end}, text);
}

static void show_partitions(const struct figures *figures, size_t rows, size_t columns, struct buffer *text)
{
    struct group group;

    for (size_t first = 0; first < figures->partitions.count; first = group.end) {
        size_t count;

        group = next_group(&figures->partitions, first);
        show_group(figures, &group, rows, columns, text);
        count = group.end - group.first;
        rows -= count < rows ? count : rows;
    }
}

static void show_hours(const struct figures *figures, size_t rows, struct buffer *text)
{
    static const struct table_column columns[] = {{"  hour", true}, {"state", true},  {"files", false},
                                                  {"rows", false},  {"bytes", false}, {"batched", true}};
    cleanup(table_release) struct table table = {0};
    char time[TIME_TEXT_SIZE];

    if (rows == 0)
        return;
    table_begin(&table, columns, sizeof(columns) / sizeof(*columns));
    for (size_t i = 0; i < rows; i++) {
        struct hour_status status = hour_status_at(&figures->hours, i);

        table_cell(&table, "  %s", time_format(status.hour, time));
        table_cell(&table, "%s%s", status.state, status.dirty && !status.sealed ? ", dirty" : "");
        table_cell(&table, "%" PRId64, status.files);
        table_cell(&table, "%" PRId64, status.rows);
        table_cell(&table, "%" PRId64, status.bytes);
        table_cell(&table, "%s", time_or_none(status.batch_at, time));
    }
    table_write(&table, text);
}

/* The last notice that was given up. */
static void show_given_up(const struct notice_counts *notices, struct buffer *text)
{
    char time[TIME_TEXT_SIZE];

    time_format(notices->dead_hour, time);
    if (notices->dead_threshold == NOTICE_OF_SILENCE)
        buffer_printf(text, ", the last to the operator (antenna \"%s\", silent since %s)",
                      text_show(notices->dead_id).text, time);
    else
        buffer_printf(text, ", the last to user \"%s\" (%" PRId64 " %% in %s)", text_show(notices->dead_id).text,
                      notices->dead_threshold, time);
    buffer_printf(text, ": %s", text_show(notices->dead_reason).text);
}

static void show_notices(const struct figures *figures, struct buffer *text)
{
    const struct notice_counts *notices = &figures->notices;

    if (!has_notices(figures))
        return;
    buffer_printf(text, "notices   %" PRId64 " wait, %" PRId64 " were given up", notices->waiting, notices->dead);
    if (notices->dead_id)
        show_given_up(notices, text);
    buffer_text(text, "\n");
}

/* A run of forget that was killed leaves data of a user, and says so nowhere else. */
static void show_forgetting(const struct forgetting_status *forgetting, struct buffer *text)
{
    char time[TIME_TEXT_SIZE];

    if (!forgetting->count)
        return;
    buffer_printf(text,
                  "erasure   user \"%s\" is not erased completely since %s: run antenna forget with this id again",
                  text_show(forgetting->id).text, time_format(forgetting->begun_at, time));
    if (forgetting->count > 1)
        buffer_printf(text, "; so are %" PRId64 " more", forgetting->count - 1);
    buffer_text(text, "\n");
}

static void show_rejected(const struct figures *figures, struct buffer *text)
{
    buffer_text(text, "rejected  ");
    for (size_t i = 0; i < figures->reason_count; i++)
        buffer_printf(text, "%s%s %" PRId64, i ? ", " : "", text_show(figures->reasons[i].reason).text,
                      figures->reasons[i].messages);
    buffer_text(text, figures->reason_count ? "\n" : "nothing\n");
}

void show_figures(const struct figures *figures, struct show_room room, struct buffer *ret_text)
{
    const struct archive_status *archive = &figures->archive;
    struct rows rows = rows_in(figures, room.lines);
    char until[TIME_TEXT_SIZE];

    show_partitions(figures, rows.partitions, room.columns, ret_text);
    buffer_printf(ret_text, "hours     %" PRId64 " open, %" PRId64 " new, %" PRId64 " dirty, %" PRId64 " clean",
                  archive->open_hours, archive->new_hours, archive->dirty_hours, archive->clean_hours);
    if (archive->held_hours)
        buffer_printf(ret_text, ", %" PRId64 " held", archive->held_hours);
    if (archive->pruned_hours)
        buffer_printf(ret_text, ", %" PRId64 " pruned", archive->pruned_hours);
    buffer_printf(ret_text, "; sealed until %s\n", time_or_none(archive->sealed_until, until));
    show_hours(figures, rows.hours, ret_text);
    buffer_printf(ret_text, "archive   %" PRId64 " files, %" PRId64 " rows, %" PRId64 " bytes; %.1f MB on disk\n",
                  archive->files, archive->rows, archive->bytes, (double)archive->size / MEGABYTE);
    buffer_printf(ret_text, "database  %.1f MB\n", (double)archive->database_size / MEGABYTE);
    show_notices(figures, ret_text);
    show_forgetting(&figures->forgetting, ret_text);
    show_rejected(figures, ret_text);
}

static json_t *time_as_json(int64_t time)
{
    char text[TIME_TEXT_SIZE];

    return time ? json_string(time_format(time, text)) : json_null();
}

static json_t *partition_as_json(const struct partition_status *status, double rate)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:o}", "job", status->job,
                     "topic", status->topic, "partition", (int)status->partition, "owner", status->owner, "epoch",
                     (json_int_t)status->epoch, "totals_offset", (json_int_t)status->totals_offset, "archive_offset",
                     (json_int_t)status->archive_offset, "lag_messages", (json_int_t)status->lag_messages,
                     "lag_seconds", (json_int_t)status->lag_seconds, "commit_age_seconds",
                     (json_int_t)status->commit_age, "archived_until", time_as_json(status->archived_until), "read",
                     (json_int_t)status->read, "rejected", (json_int_t)status->rejected, "messages_per_second",
                     rate < 0 ? json_null() : json_real(rate));
}

static json_t *partitions_as_json(const struct figures *figures)
{
    json_t *array = json_array();

    for (size_t i = 0; i < figures->partitions.count; i++) {
        struct partition_status status = partition_status_at(&figures->partitions, i);

        json_append(array, partition_as_json(&status, figures->rates[i]));
    }
    return array;
}

static json_t *hours_as_json(const struct hour_statuses *hours)
{
    json_t *array = json_array();

    for (size_t i = 0; i < hours->count; i++) {
        struct hour_status status = hour_status_at(hours, i);

        json_append(array, json_pack("{s:o, s:s, s:b, s:b, s:I, s:I, s:I, s:o, s:o}", "hour", time_as_json(status.hour),
                                     "state", status.state, "sealed", (int)status.sealed, "dirty", (int)status.dirty,
                                     "files", (json_int_t)status.files, "rows", (json_int_t)status.rows, "bytes",
                                     (json_int_t)status.bytes, "changed", time_as_json(status.changed_at), "batched",
                                     time_as_json(status.batch_at)));
    }
    return array;
}

static json_t *reasons_as_json(const struct figures *figures)
{
    json_t *object = json_object();

    for (size_t i = 0; i < figures->reason_count; i++)
        json_set(object, figures->reasons[i].reason, json_integer((json_int_t)figures->reasons[i].messages));
    return object;
}

static json_t *given_up_as_json(const struct notice_counts *notices)
{
    json_t *time;

    if (!notices->dead_id)
        return json_null();
    time = time_as_json(notices->dead_hour);
    if (notices->dead_threshold == NOTICE_OF_SILENCE)
        return json_pack("{s:s, s:o, s:s}", "antenna", notices->dead_id, "silent_since", time, "reason",
                         notices->dead_reason);
    return json_pack("{s:s, s:o, s:I, s:s}", "user", notices->dead_id, "hour", time, "threshold",
                     (json_int_t)notices->dead_threshold, "reason", notices->dead_reason);
}

static json_t *notices_as_json(const struct notice_counts *notices)
{
    return json_pack("{s:I, s:I, s:o}", "waiting", (json_int_t)notices->waiting, "dead", (json_int_t)notices->dead,
                     "last_dead", given_up_as_json(notices));
}

static json_t *forgetting_as_json(const struct forgetting_status *forgetting)
{
    if (!forgetting->count)
        return json_null();
    return json_pack("{s:s, s:o, s:I}", "user", forgetting->id, "since", time_as_json(forgetting->begun_at), "users",
                     (json_int_t)forgetting->count);
}

json_t *show_json(const struct figures *figures)
{
    const struct archive_status *archive = &figures->archive;

    return json_pack("{s:o, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}, s:{s:I, s:I, s:I, s:I}, s:I, s:o, s:o, s:o}",
                     "partitions", partitions_as_json(figures), "hours", "open", (json_int_t)archive->open_hours, "new",
                     (json_int_t)archive->new_hours, "dirty", (json_int_t)archive->dirty_hours, "held",
                     (json_int_t)archive->held_hours, "clean", (json_int_t)archive->clean_hours, "pruned",
                     (json_int_t)archive->pruned_hours, "sealed_until", time_as_json(archive->sealed_until), "list",
                     hours_as_json(&figures->hours), "archive", "files", (json_int_t)archive->files, "rows",
                     (json_int_t)archive->rows, "bytes", (json_int_t)archive->bytes, "size", (json_int_t)archive->size,
                     "database_size", (json_int_t)archive->database_size, "notices", notices_as_json(&figures->notices),
                     "erasure", forgetting_as_json(&figures->forgetting), "rejected", reasons_as_json(figures));
}
