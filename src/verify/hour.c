#include "verify/hour.h"

#include "archive/hour_folder.h"
#include "verify/difference.h"
#include "verify/files.h"
#include "verify/totals.h"

static void check_list(struct hour_finding *finding)
{
    const struct hour_sums *sums = &finding->sums;

    int64_t files = sums->files - sums->pruned_files, rows = sums->rows - sums->pruned_rows,
            bytes = sums->bytes - sums->pruned_bytes;

    if (files != sums->listed_files || rows != sums->listed_rows || bytes != sums->listed_bytes)
        differences_add(&finding->differences, CAUSE_LIST_EDITED,
                        "antenna.hour has %lld files, %lld rows, %lld bytes; antenna.archive_file has %lld, %lld, %lld",
                        (long long)files, (long long)rows, (long long)bytes, (long long)sums->listed_files,
                        (long long)sums->listed_rows, (long long)sums->listed_bytes);
}

static void check_windows(const struct verify_tools *tools, struct hour_finding *finding)
{
    if (finding->sums.misplaced)
        differences_add(&finding->differences, CAUSE_SPEED_EDITED,
                        "%lld rows of table \"%s\" have a date at which no window starts",
                        (long long)finding->sums.misplaced, tools->tables.bytes);
}

static void note_waiting(struct hour_finding *finding, int64_t bytes, int64_t events)
{
    int64_t more = bytes ? bytes : events;
    const char *unit = bytes ? "bytes" : "events";

    if (more > 0)
        differences_add(&finding->differences, CAUSE_NOT_ARCHIVED,
                        "%lld %s are in the window totals and not yet in the archive", (long long)more, unit);
    else
        differences_add(&finding->differences, CAUSE_NOT_TOTALLED,
                        "%lld %s are in the archive and not yet in the window totals", (long long)-more, unit);
}

/* What all totals of a kind add up to. */
static int64_t expected(enum total_kind kind, int64_t events, int64_t bytes)
{
    return total_counts_events(kind) ? events : bytes;
}

/* Whether the window totals of a kind are those of so many events and bytes. A metric that was switched on within the
 * hour, or after it, lacks what was counted before: less is right then. */
static bool speed_agrees(const struct hour_sums *sums, enum total_kind kind, int64_t events, int64_t bytes)
{
    int64_t value = sums->speed[kind];

    return total_kind_in(sums->speed_kinds, kind) ? value == expected(kind, events, bytes)
                                                  : value <= expected(kind, events, bytes);
}

/* The number of events in the window totals, by a metric that has all of them. Without one it is unknown, and taken to
 * be the number of archived events, or of those in a metric that was switched on later, if that is more. */
static int64_t speed_events(const struct hour_sums *sums, int64_t rows)
{
    int64_t events = rows;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++) {
        if (!total_counts_events(kind) || !total_kind_in(sums->kinds, kind))
            continue;
        if (total_kind_in(sums->speed_kinds, kind))
            return sums->speed[kind];
        if (sums->speed[kind] > events)
            events = sums->speed[kind];
    }
    return events;
}

/* Whether window totals and listed files have all of the hour, and nothing else. */
static bool is_whole(const struct hour_sums *sums)
{
    return !sums->rebuilt_unlisted_rows && !sums->pruned_rows && !sums->pruned_events && !sums->pruned_total_bytes;
}

/*
 * Returns whether the window totals equal the archive, so that they can be compared one by one.
 *
 * A difference is allowed if it can be pending data: then all kinds differ by the same events, and by no more than the
 * counters of antenna.progress show as pending. While data is pending in both directions, equal sums of an open hour do
 * not prove equal rows. Totals that were rebuilt from unlisted files have those rows on purpose, and pruned totals lack
 * theirs.
 */
static bool check_speed(const struct verify_tools *tools, struct hour_finding *finding)
{
    const struct hour_sums *sums = &finding->sums;
    int64_t archived_rows = sums->rows + sums->rebuilt_unlisted_rows - sums->pruned_events,
            archived_bytes = sums->bytes + sums->rebuilt_unlisted_bytes - sums->pruned_total_bytes;
    int64_t bytes = sums->speed[TOTAL_USER_BYTES], more = bytes - archived_bytes;
    int64_t events = speed_events(sums, archived_rows), more_events = events - archived_rows;
    bool equal = true, waiting = -sums->to_total <= more && more <= sums->to_archive &&
                                 -sums->messages_to_total <= more_events && more_events <= sums->messages_to_archive;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(sums->kinds, kind)) {
            equal = equal && speed_agrees(sums, kind, archived_rows, archived_bytes);
            waiting = waiting && speed_agrees(sums, kind, events, bytes);
        }
    if (equal)
        return is_whole(sums) && (finding->sealed || !sums->to_archive || !sums->to_total);
    if (waiting) {
        note_waiting(finding, more, more_events);
        return false;
    }
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(sums->kinds, kind) && !speed_agrees(sums, kind, archived_rows, archived_bytes))
            differences_add(&finding->differences, CAUSE_SPEED_EDITED,
                            "the window totals of table \"%s\" have %lld %s of %s, the archive's list %lld",
                            tools->tables.bytes, (long long)sums->speed[kind], total_unit_name(kind),
                            total_kinds[kind].label, (long long)expected(kind, archived_rows, archived_bytes));
    return false;
}

/* A run from before a metric was switched on has made none of its totals. */
static bool hourly_agrees(const struct hour_sums *sums, enum total_kind kind)
{
    return sums->hourly[kind] == expected(kind, sums->batch_rows, sums->batch_bytes) ||
           (sums->hourly[kind] == 0 && !total_kind_in(sums->hourly_kinds, kind));
}

static bool check_hourly_sums(const struct verify_tools *tools, struct hour_finding *finding)
{
    const struct hour_sums *sums = &finding->sums;
    bool equal = true;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++) {
        if (!total_kind_in(sums->kinds, kind) || hourly_agrees(sums, kind))
            continue;
        equal = false;
        differences_add(&finding->differences, CAUSE_HOURLY_EDITED,
                        "the hourly totals of table \"%s\" have %lld %s of %s, their batch run read %lld",
                        tools->tables.bytes_hourly, (long long)sums->hourly[kind], total_unit_name(kind),
                        total_kinds[kind].label, (long long)expected(kind, sums->batch_rows, sums->batch_bytes));
    }
    return equal;
}

/* Whether the hourly totals are the archive's. */
static bool check_hourly(const struct verify_tools *tools, struct hour_finding *finding)
{
    const struct hour_sums *sums = &finding->sums;
    bool equal;

    if (sums->hourly_pruned) {
        if (sums->hourly_rows)
            differences_add(&finding->differences, CAUSE_HOURLY_EDITED,
                            "table \"%s\" has %lld rows of the hour, whose hourly totals were removed",
                            tools->tables.bytes_hourly, (long long)sums->hourly_rows);
        return false;
    }
    if (!sums->batched && sums->hourly_rows == 0) {
        if (sums->rows)
            differences_add(&finding->differences, CAUSE_NOT_BATCHED, "the hour has had no batch run");
        return false;
    }
    if (!sums->batched && sums->rows) {
        differences_add(&finding->differences, CAUSE_HELD,
                        "the hourly totals did not come from this archive, which has %lld bytes in %lld rows",
                        (long long)sums->bytes, (long long)sums->rows);
        return false;
    }
    equal = check_hourly_sums(tools, finding);
    if (sums->dirty && sums->batch_unlisted_rows)
        differences_add(&finding->differences, CAUSE_HELD,
                        "the archive has %lld bytes; the last batch run read %lld with files that are not listed",
                        (long long)sums->bytes, (long long)sums->batch_bytes);
    else if (sums->dirty)
        differences_add(&finding->differences, CAUSE_DIRTY,
                        "the archive has %lld bytes, the last batch run read %lld: late events came after it",
                        (long long)sums->bytes, (long long)sums->batch_bytes);
    return equal && !sums->dirty && !sums->pruned_rows;
}

/* In an hour that expects more events, what goes away by itself is no difference. */
static void allow_open_hour(struct hour_finding *finding)
{
    for (size_t i = 0; i < finding->differences.count && !finding->sealed; i++) {
        enum cause cause = finding->differences.list[i].cause;

        finding->differences.list[i].expected = cause == CAUSE_NOT_ARCHIVED || cause == CAUSE_NOT_TOTALLED ||
                                                cause == CAUSE_NOT_BATCHED || cause == CAUSE_DIRTY;
    }
}

static int check_totals(const struct verify_tools *tools, const struct file_names *whole, bool speed, bool hourly,
                        struct hour_finding *finding, struct error *error)
{
    cleanup(ledger_totals_release) struct ledger_totals totals = {0};
    const struct totals_check check = {tools->reader, whole, &totals, &finding->sums, speed, hourly};

    if (ledger_totals(tools->postgres, &tools->tables, finding->hour, &totals, error))
        return -1;
    return verify_totals(&check, finding, error);
}

static int check_hour(const struct verify_tools *tools, const struct file_names *folder, struct hour_finding *finding,
                      struct error *error)
{
    cleanup(listed_files_release) struct listed_files listed = {0};
    cleanup(file_names_release) struct file_names whole = {0};
    const struct files_check files = {tools->reader, tools->storage_path, tools->deep, &listed};
    bool speed, hourly, all_whole;

    if (ledger_hour(tools->postgres, &tools->tables, finding->hour, &finding->sums, error) ||
        hours_files(tools->postgres, finding->hour, &listed, error))
        return -1;
    verify_files(&files, folder, finding, &whole);
    check_list(finding);
    check_windows(tools, finding);
    speed = check_speed(tools, finding);
    hourly = check_hourly(tools, finding) && finding->sums.batch_unlisted_rows == 0;
    all_whole = (int64_t)whole.count == finding->sums.listed_files;
    if (tools->deep && all_whole &&
        (check_totals(tools, &whole, speed, hourly, finding, error) ||
         repeats_find(reader_database(tools->reader), &whole, &finding->repeats, error)))
        return -1;
    allow_open_hour(finding);
    return 0;
}

/* The folder is read before the list: what a writer moves there is listed by then. */
static int check_as_of_now(const struct verify_tools *tools, struct hour_finding *finding, struct error *error)
{
    cleanup(hour_folder_release) struct hour_folder folder = {.lenient = true};

    if (hour_folder_list(tools->storage_path, finding->hour, &folder, error) ||
        postgres_begin_snapshot(tools->postgres, error) || check_hour(tools, &folder.paths, finding, error))
        return -1;
    return postgres_commit(tools->postgres, error);
}

static bool is_about_files(const struct differences *differences)
{
    for (size_t i = 0; i < differences->count; i++) {
        enum cause cause = differences->list[i].cause;

        if (cause == CAUSE_FILE_MISSING || cause == CAUSE_FILE_DAMAGED || cause == CAUSE_FILE_UNLISTED)
            return true;
    }
    return false;
}

/* A file that its writer, or who recovers what a dead one left, moves to its place between two of our looks is not
 * where it was, or a replaced one still where it is no longer: what counts is what is found again. */
static int check_twice(const struct verify_tools *tools, const struct hour_entry *entry, struct hour_finding *finding,
                       struct error *error)
{
    if (check_as_of_now(tools, finding, error) == 0 && !is_about_files(&finding->differences))
        return 0;
    postgres_rollback(tools->postgres);
    hour_finding_release(finding);
    *finding = (struct hour_finding){.hour = entry->hour, .sealed = entry->sealed};
    return check_as_of_now(tools, finding, error);
}

void hour_finding_release(struct hour_finding *finding)
{
    differences_release(&finding->differences);
    repeats_release(&finding->repeats);
}

int verify_hour(const struct verify_tools *tools, const struct hour_entry *entry, struct hour_finding *finding,
                struct error *error)
{
    *finding = (struct hour_finding){.hour = entry->hour, .sealed = entry->sealed};
    if (hours_hold(tools->postgres, entry->hour, error) || check_twice(tools, entry, finding, error))
        return -1;
    return hours_release(tools->postgres, entry->hour, error);
}
