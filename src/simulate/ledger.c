#include "simulate/ledger.h"

#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "simulate/sums.h"

/* The simulator knows no database, and so not the window that is stored there: this is the default one. */
#define WINDOW_SECONDS (5 * SECONDS_PER_MINUTE)

struct ledger {
    const struct population *population;
    struct sums windows;
    char *path;
    char *partial_path;
    FILE *file; /* under the partial path; NULL when it is written */
    struct buffer row;
    struct buffer name;
};

/* A folder or a device could not be replaced in the end. */
static int check_path(const char *path, struct error *error)
{
    struct stat status;

    if (stat(path, &status) || S_ISREG(status.st_mode))
        return 0;
    return error_set(error, ANT_LEDGER_REFUSED, "could not create the ledger \"%s\": it exists and is not a file",
                     path);
}

int ledger_open(const char *path, const struct population *population, struct ledger **ret_ledger, struct error *error)
{
    struct ledger *ledger;

    if (check_path(path, error))
        return -1;
    ledger = memory_new(1, sizeof(*ledger));
    ledger->population = population;
    ledger->path = memory_text(path, strlen(path));
    ledger->partial_path = memory_printf("%s.partial", path);
    ledger->file = fopen(ledger->partial_path, "we");
    if (!ledger->file) {
        error_set(error, ANT_LEDGER_REFUSED, "could not create the ledger \"%s\": %m", ledger->partial_path);
        ledger_free(ledger);
        return error_hint(error, "check that its folder exists and can be written to");
    }
    *ret_ledger = ledger;
    return 0;
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    if (ledger->file) {
        fclose(ledger->file);
        unlink(ledger->partial_path);
    }
    sums_release(&ledger->windows);
    buffer_release(&ledger->row);
    buffer_release(&ledger->name);
    free(ledger->path);
    free(ledger->partial_path);
    free(ledger);
}

int ledger_add(struct ledger *ledger, const struct coded_event *event, struct error *error)
{
    uint32_t window = event->timestamp - event->timestamp % WINDOW_SECONDS;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++) {
        const struct total_kind_entry *entry = &total_kinds[kind];
        int64_t value = total_counts_events(kind) ? 1 : event->bytes;

        if (entry->standard && sums_add(&ledger->windows, window, kind, event->codes[entry->key], value, error))
            return -1;
    }
    return 0;
}

static int compare_sums(const void *left_sum, const void *right_sum, void *population)
{
    const struct sum *left = left_sum, *right = right_sum;

    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return population_compare(population, total_kinds[left->kind].texts[0], left->code, right->code);
}

static void append_csv(struct buffer *row, struct slice text)
{
    if (!memchr(text.data, '"', text.size) && !memchr(text.data, ',', text.size) &&
        !memchr(text.data, '\n', text.size) && !memchr(text.data, '\r', text.size)) {
        buffer_append(row, text.data, text.size);
        return;
    }
    buffer_text(row, "\"");
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"')
            buffer_text(row, "\"");
        buffer_append(row, text.data + i, 1);
    }
    buffer_text(row, "\"");
}

/* Errors of the stream are looked at when it is closed. */
static void write_row(struct ledger *ledger, const char *grain, const struct sum *sum, struct slice id)
{
    struct time_parts date = time_split(sum->begin);

    buffer_clear(&ledger->row);
    buffer_printf(&ledger->row, "%s,%04d-%02d-%02d %02d:%02d:%02d,%s,", grain, date.year, date.month, date.day,
                  date.hour, date.minute, date.second, total_kinds[sum->kind].label);
    append_csv(&ledger->row, id);
    buffer_printf(&ledger->row, ",%" PRId64 "\n", sum->value);
    fwrite(ledger->row.data, 1, ledger->row.size, ledger->file);
}

static struct sum *sort_sums(const struct ledger *ledger, const struct sums *sums)
{
    struct sum *list = sums_list(sums);

    qsort_r(list, sums->count, sizeof(*list), compare_sums, (void *)(uintptr_t)ledger->population);
    return list;
}

static void write_grain(struct ledger *ledger, const char *grain, const struct sum *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_clear(&ledger->name);
        population_name(ledger->population, total_kinds[list[i].kind].texts[0], list[i].code, &ledger->name);
        write_row(ledger, grain, &list[i], (struct slice){ledger->name.data, ledger->name.size});
    }
}

struct user_over_quota {
    const struct sum *sum;
    const char *email;
};

static int compare_users_over_quota(const void *left_user, const void *right_user)
{
    const struct user_over_quota *left = left_user, *right = right_user;
    int order;

    if (left->sum->begin != right->sum->begin)
        return left->sum->begin < right->sum->begin ? -1 : 1;
    order = strcmp(left->email, right->email);
    if (order)
        return order;
    return (left->sum->value > right->sum->value) - (left->sum->value < right->sum->value);
}

static void write_users_over_quota(struct ledger *ledger, const struct sum *hours, size_t count)
{
    struct user_over_quota *over_quota = memory_new(count + 1, sizeof(*over_quota));
    size_t over_quota_count = 0;

    for (size_t i = 0; i < count; i++) {
        const struct user *user =
            hours[i].kind == TOTAL_USER_BYTES ? population_user(ledger->population, hours[i].code) : NULL;

        if (user && hours[i].value > user->quota)
            over_quota[over_quota_count++] = (struct user_over_quota){&hours[i], user->email};
    }
    qsort(over_quota, over_quota_count, sizeof(*over_quota), compare_users_over_quota);
    for (size_t i = 0; i < over_quota_count; i++)
        write_row(ledger, "quota", over_quota[i].sum, slice_of(over_quota[i].email));
    free(over_quota);
}

static int write_rows(struct ledger *ledger, struct error *error)
{
    cleanup(sums_release) struct sums hours = {0};
    cleanup(memory_free) struct sum *window_list = sort_sums(ledger, &ledger->windows);
    cleanup(memory_free) struct sum *hour_list = NULL;

    for (size_t i = 0; i < ledger->windows.count; i++)
        if (sums_add(&hours, (uint32_t)time_hour(window_list[i].begin), window_list[i].kind, window_list[i].code,
                     window_list[i].value, error))
            return -1;
    hour_list = sort_sums(ledger, &hours);
    write_grain(ledger, "5min", window_list, ledger->windows.count);
    write_grain(ledger, "hour", hour_list, hours.count);
    write_users_over_quota(ledger, hour_list, hours.count);
    return 0;
}

static void write_tally(struct ledger *ledger, const struct tally *tally)
{
    fprintf(ledger->file,
            "all,,bytes_total,,%" PRId64 "\nall,,events_accepted,,%" PRId64 "\nall,,events_rejected,,%" PRId64
            "\nall,,messages_sent,,%" PRId64 "\n",
            tally->bytes, tally_valid(tally), tally_sent(tally) - tally_valid(tally), tally_sent(tally));
}

/* Makes the new name survive a crash of the machine. */
static int sync_folder(const char *path)
{
    cleanup(memory_free) char *copy = memory_text(path, strlen(path));
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status;

    if (folder < 0)
        return -1;
    status = fsync(folder);
    close(folder);
    return status;
}

static int publish(struct ledger *ledger, struct error *error)
{
    FILE *file = ledger->file;
    bool written = !fflush(file) && !ferror(file) && !fsync(fileno(file));

    ledger->file = NULL;
    written = !fclose(file) && written && !rename(ledger->partial_path, ledger->path) && !sync_folder(ledger->path);
    if (written)
        return 0;
    error_set(error, ANT_LEDGER_FAILED, "could not write the ledger \"%s\": %m", ledger->path);
    unlink(ledger->partial_path);
    return -1;
}

int ledger_write(struct ledger *ledger, const struct tally *tally, struct error *error)
{
    fprintf(ledger->file, "grain,date,type,id,value\n");
    if (write_rows(ledger, error))
        return -1;
    write_tally(ledger, tally);
    return publish(ledger, error);
}
