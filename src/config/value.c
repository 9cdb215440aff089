#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit size_units[] = {
    {"", 1},         {"B", 1},          {"k", 1000},        {"kB", 1000},     {"M", 1000000},
    {"MB", 1000000}, {"G", 1000000000}, {"GB", 1000000000}, {"Ki", 1 << 10},  {"KiB", 1 << 10},
    {"Mi", 1 << 20}, {"MiB", 1 << 20},  {"Gi", 1 << 30},    {"GiB", 1 << 30}, {NULL, 0},
};

/* A plain number is seconds, kept in milliseconds. */
static const struct unit interval_units[] = {
    {"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static bool parse_number(const char *text, const struct unit *units, int64_t *ret_number)
{
    char *end;
    long long number;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno)
        return false;
    for (const struct unit *unit = units; unit->name; unit++)
        if (strcmp(end, unit->name) == 0)
            return !__builtin_mul_overflow(number, unit->factor, ret_number);
    return false;
}

/* The unit in which a bound is shortest, as a user would write it; of equal ones the last, which is spelled out. */
static struct unit best_unit(const struct unit *units, int64_t number)
{
    struct unit best = {"", 1};

    for (const struct unit *unit = units; unit->name; unit++)
        if (number && number % unit->factor == 0 && unit->factor >= best.factor)
            best = *unit;
    return best;
}

static int refuse(const struct option *option, const char *text, const char *expected, struct error *error)
{
    if (option->secret)
        return error_set(error, ANT_VALUE_INVALID, "invalid value for %s: expected %s", option->name, expected);
    return error_set(error, ANT_VALUE_INVALID, "invalid value for %s: \"%s\" is not %s", option->name, text, expected);
}

static int parse_bounded(const struct option *option, const char *text, const struct unit *units, const char *expected,
                         int64_t *ret_number, struct error *error)
{
    int64_t number;

    if (!parse_number(text, units, &number))
        return refuse(option, text, expected, error);
    if (number < option->minimum || number > option->maximum) {
        const struct unit low = best_unit(units, option->minimum), high = best_unit(units, option->maximum);

        error_set(error, ANT_VALUE_INVALID, "invalid value for %s: %s is out of range", option->name, text);
        return error_hint(error, "give a value from %" PRId64 "%s to %" PRId64 "%s", option->minimum / low.factor,
                          low.name, option->maximum / high.factor, high.name);
    }
    *ret_number = number;
    return 0;
}

static int parse_share(const struct option *option, const char *text, double *ret_share, struct error *error)
{
    char *end;
    double share = strtod(text, &end);

    if (end == text || *end || !(share >= 0 && share <= 1))
        return refuse(option, text, "a share from 0 to 1", error);
    *ret_share = share;
    return 0;
}

static int parse_flag(const struct option *option, const char *text, bool *ret_flag, struct error *error)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return refuse(option, text, "true or false", error);
    *ret_flag = strcmp(text, "true") == 0;
    return 0;
}

static int refuse_choice(const struct option *option, const char *text, struct error *error)
{
    cleanup(buffer_release) struct buffer words = {0};
    const char *last = strrchr(option->value, '|');

    for (const char *byte = option->value; *byte; byte++)
        if (*byte == '|')
            buffer_text(&words, byte == last ? " or " : ", ");
        else
            buffer_append(&words, byte, 1);
    return refuse(option, text, words.data, error);
}

int value_word(const struct option *option, const char *text, size_t size)
{
    const char *word = option->value;

    for (int number = 0; *word; number++) {
        size_t word_size = strcspn(word, "|");

        if (word_size == size && memcmp(word, text, size) == 0)
            return number;
        word += word_size + (word[word_size] == '|');
    }
    return -1;
}

static int parse_choice(const struct option *option, const char *text, int64_t *ret_number, struct error *error)
{
    int number = value_word(option, text, strlen(text));

    if (number < 0)
        return refuse_choice(option, text, error);
    *ret_number = number;
    return 0;
}

/* Each entry of a list of words. */
static int check_words(const struct option *option, const char *text, struct error *error)
{
    for (const char *entry = text; entry; entry = strchr(entry, ',')) {
        entry += *entry == ',';
        if (value_word(option, entry, strcspn(entry, ",")) < 0)
            return refuse_choice(option, text, error);
    }
    return 0;
}

int value_parse(const struct option *option, const char *text, union value *ret_value, struct error *error)
{
    switch (option->type) {
    case TYPE_TEXT:
    case TYPE_PATH:
    case TYPE_LIST:
    case TYPE_WORDS:
    case TYPE_PROPERTIES:
        if (!*text)
            return error_set(error, ANT_VALUE_INVALID, "invalid value for %s: it is empty", option->name);
        return option->type == TYPE_WORDS ? check_words(option, text, error) : 0;
    case TYPE_FLAG:
        return parse_flag(option, text, &ret_value->flag, error);
    case TYPE_COUNT:
        return parse_bounded(option, text, no_units, "a whole number", &ret_value->number, error);
    case TYPE_SIZE:
        return parse_bounded(option, text, size_units, "a size such as 65536, 512KiB or 64MiB", &ret_value->number,
                             error);
    case TYPE_INTERVAL:
        return parse_bounded(option, text, interval_units, "a time such as 200ms, 5s, 1m or 2h", &ret_value->number,
                             error);
    case TYPE_CHOICE:
        return parse_choice(option, text, &ret_value->number, error);
    case TYPE_SHARE:
        return parse_share(option, text, &ret_value->share, error);
    case TYPE_TIME:
        if (!time_parse(text, &ret_value->number))
            return refuse(option, text, "an ISO-8601 time with an offset, such as 2022-02-20T10:00:00Z", error);
        return 0;
    }
    return error_set(error, ANT_DEFECT, "option %s has no type", option->name);
}

/*
 * The size of a URI's scheme, as of `gs://bucket` and `hdfs:/data`, or 0 when it is a path. A letter alone is a disk of
 * Windows, and a name with a colon is a path unless a / follows.
 */
static size_t scheme_size(const char *text)
{
    size_t size = 0;

    if (!isalpha((unsigned char)*text))
        return 0;
    while (isalnum((unsigned char)text[size]) || (text[size] && strchr("+.-", text[size])))
        size++;
    return size > 1 && text[size] == ':' && text[size + 1] == '/' ? size : 0;
}

static int refuse_scheme(const char *text, size_t size, struct error *error)
{
    error_set(error, ANT_PATH_INVALID, "\"%s\" is in a store (%.*s:) and not on this machine", text, (int)size, text);
    return error_hint(
        error, "give a folder of this machine: one where the store is mounted, such as by gcsfuse, s3fs or HDFS's "
               "NFS gateway, or one that another program copies to the store");
}

static int resolve_file(const char *text, char **ret_path, struct error *error)
{
    const char *rest = text + strlen("file:");

    if (strncmp(rest, "//", 2) == 0) {
        size_t host = strcspn(rest + 2, "/");

        if (host && (host != strlen("localhost") || strncasecmp(rest + 2, "localhost", host) != 0)) {
            error_set(error, ANT_PATH_INVALID, "\"%s\" names the host %.*s", text, (int)host, rest + 2);
            return error_hint(error, "write file:///path with three slashes, or the path alone");
        }
        rest += 2 + host;
    }
    if (*rest != '/') {
        error_set(error, ANT_PATH_INVALID, "\"%s\" has no path that begins with /", text);
        return error_hint(error, "write file:///path, or the path alone");
    }
    *ret_path = memory_text(rest, strlen(rest));
    return 0;
}

/* The home folder of the user of that name, or of this process for "". NULL when there is none. */
static const char *find_home(const char *user)
{
    const char *home = getenv("HOME");
    const struct passwd *entry;

    if (!*user && home && *home)
        return home;
    entry = *user ? getpwnam(user) : getpwuid(geteuid());
    return entry && *entry->pw_dir ? entry->pw_dir : NULL;
}

static int resolve_home(const char *text, char **ret_path, struct error *error)
{
    size_t size = strcspn(text, "/");
    cleanup(memory_free) char *user = memory_text(text + 1, size - 1);
    const char *home = find_home(user);

    if (!home) {
        error_set(error, ANT_PATH_INVALID, "\"%s\" begins with a home folder that does not exist", text);
        return error_hint(error,
                          *user ? "write ./~ for a name that begins with ~" : "set HOME, or write the whole path");
    }
    *ret_path = memory_printf("%s%s", home, text + size);
    return 0;
}

int path_resolve(const char *text, char **ret_path, struct error *error)
{
    size_t size = scheme_size(text);

    if (!text_is_utf8(text)) { /* DuckDB opens no other */
        error_set(error, ANT_PATH_INVALID, "\"%s\" is not encoded in UTF-8", text_show(text).text);
        return error_hint(error, "rename the folder or file");
    }
    if (*text == '~')
        return resolve_home(text, ret_path, error);
    if (strncasecmp(text, "file:", strlen("file:")) == 0)
        return resolve_file(text, ret_path, error);
    if (size)
        return refuse_scheme(text, size, error);
    *ret_path = memory_text(text, strlen(text));
    return 0;
}
