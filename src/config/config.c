#include "config/config.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/value.h"

#define ENVIRONMENT_NAME_SIZE 64
#define LIST_ENTRIES_MAX 256

struct entry {
    enum config_source source;
    char *text; /* as given; of a list, its first entry */
    union value value;
    char **list;
    size_t list_size;
};

struct config {
    enum command_id command;
    struct entry entries[OPTION_IDS];
};

static enum option_id id_of(const struct option *option)
{
    return (enum option_id)(option - option_table);
}

static void clear_entry(struct entry *entry)
{
    for (size_t i = 0; i < entry->list_size; i++) {
        explicit_bzero(entry->list[i], strlen(entry->list[i]));
        free(entry->list[i]);
    }
    free(entry->list);
    if (entry->text)
        explicit_bzero(entry->text, strlen(entry->text));
    free(entry->text);
    *entry = (struct entry){0};
}

static int add_list_entry(struct entry *entry, const struct option *option, const char *text, size_t size,
                          struct error *error)
{
    if (entry->list_size == LIST_ENTRIES_MAX)
        return error_set(error, ERROR_USAGE, "too many values for %s: at most %d", option->name, LIST_ENTRIES_MAX);
    if (size == 0)
        return error_set(error, ERROR_USAGE, "invalid value for %s: an entry is empty", option->name);
    entry->list = memory_resize(entry->list, entry->list_size + 1, sizeof(*entry->list));
    entry->list[entry->list_size++] = memory_text(text, size);
    return 0;
}

/* Librdkafka's own lists use commas, so that NAME=VALUE lists are split in the environment and the default only. */
static int add_list(struct entry *entry, const struct option *option, const char *text, bool split, struct error *error)
{
    while (split) {
        size_t size = strcspn(text, ",");

        if (!text[size])
            break;
        if (add_list_entry(entry, option, text, size, error))
            return -1;
        text += size + 1;
    }
    return add_list_entry(entry, option, text, strlen(text), error);
}

/* A graver source wins; within one source the last value wins, and lists grow. */
static int set_value(struct config *config, const struct option *option, enum config_source source, const char *text,
                     struct error *error)
{
    struct entry *entry = &config->entries[id_of(option)];
    union value value = {0};

    if (entry->source > source)
        return 0;
    if (value_parse(option, text, &value, error))
        return -1;
    if (option->type != TYPE_LIST || entry->source < source)
        clear_entry(entry);
    free(entry->text);
    entry->text = memory_text(text, strlen(text));
    entry->value = value;
    entry->source = source;
    if (option->type != TYPE_LIST)
        return 0;
    return add_list(entry, option, text, source != SOURCE_ARGUMENT || id_of(option) != OPTION_KAFKA_PROPERTY, error);
}

static void wipe(const struct option *option, char *argument)
{
    if (option->secret)
        memset(argument, 'x', strlen(argument));
}

static int unknown_option(enum command_id command, const char *name, size_t size, struct error *error)
{
    const struct option *nearest = size < ENVIRONMENT_NAME_SIZE ? option_nearest(command, name, size) : NULL;

    error_set(error, ERROR_USAGE, "unknown option \"%.*s\"", (int)size, name);
    if (nearest)
        return error_hint(error, "did you mean \"%s\"? See antenna %s --help", nearest->name,
                          command_table[command].name);
    return error_hint(error, "see antenna %s --help", command_table[command].name);
}

static const struct option *find_letter(enum command_id command, char letter)
{
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (option_table[i].letter == letter && option_taken(&option_table[i], command))
            return &option_table[i];
    return NULL;
}

/* Sets an option that may carry its value in the same argument (`attached`) or in the next one. */
static int read_option(struct config *config, const struct option *option, char *attached, int count, char **arguments,
                       int *index, struct error *error)
{
    char *text = attached;
    int status;

    if (option->type == TYPE_FLAG)
        return set_value(config, option, SOURCE_ARGUMENT, attached ? attached : "true", error);
    if (!text) {
        if (*index + 1 >= count)
            return error_set(error, ERROR_USAGE, "option --%s wants a value: %s", option->name, option->value);
        text = arguments[++*index];
    }
    status = set_value(config, option, SOURCE_ARGUMENT, text, error);
    wipe(option, text);
    return status;
}

static int read_long_option(struct config *config, int count, char **arguments, int *index, struct error *error)
{
    char *name = arguments[*index] + 2;
    size_t size = strcspn(name, "=");
    const struct option *option = option_find(config->command, name, size);

    if (!option)
        return unknown_option(config->command, name, size, error);
    return read_option(config, option, name[size] ? name + size + 1 : NULL, count, arguments, index, error);
}

static int read_short_option(struct config *config, int count, char **arguments, int *index, struct error *error)
{
    char *argument = arguments[*index];
    const struct option *option = find_letter(config->command, argument[1]);

    if (!option)
        return unknown_option(config->command, argument, strlen(argument), error);
    return read_option(config, option, argument[2] ? argument + 2 : NULL, count, arguments, index, error);
}

static int read_positional(struct config *config, size_t position, char *argument, struct error *error)
{
    const struct command *command = &command_table[config->command];
    const struct option *option;
    int status;

    if (position >= command->positional_count) {
        error_set(error, ERROR_USAGE, "too many arguments: antenna %s takes %zu", command->name,
                  command->positional_count);
        return error_hint(error, "see antenna %s --help", command->name);
    }
    option = &option_table[command->positionals[position]];
    status = set_value(config, option, SOURCE_ARGUMENT, argument, error);
    wipe(option, argument);
    return status;
}

static int read_arguments(struct config *config, int count, char **arguments, struct error *error)
{
    size_t position = 0;
    bool options = true;

    for (int i = 0; i < count; i++) {
        int status;

        if (options && strcmp(arguments[i], "--") == 0) {
            options = false;
            continue;
        }
        if (options && strncmp(arguments[i], "--", 2) == 0)
            status = read_long_option(config, count, arguments, &i, error);
        else if (options && arguments[i][0] == '-' && arguments[i][1])
            status = read_short_option(config, count, arguments, &i, error);
        else
            status = read_positional(config, position++, arguments[i], error);
        if (status)
            return -1;
    }
    return 0;
}

static int read_environment(struct config *config, struct error *error)
{
    char name[ENVIRONMENT_NAME_SIZE];

    for (size_t i = 0; i < OPTION_IDS; i++) {
        const char *text;

        if (!option_taken(&option_table[i], config->command))
            continue;
        option_environment_name(&option_table[i], name, sizeof(name));
        text = getenv(name);
        if (text && set_value(config, &option_table[i], SOURCE_ENVIRONMENT, text, error)) {
            error->kind = ERROR_MISTAKE;
            return error_context(error, "environment variable %s", name);
        }
    }
    return 0;
}

struct file_reader {
    struct config *config;
    struct error *error;
    bool failed; /* the error holds a reason already */
};

/* Whether any command takes an option of that name; its key may stand outside the command's section. */
static bool known_to_any(const char *name)
{
    for (int command = 0; command < COMMAND_IDS; command++)
        if (option_find((enum command_id)command, name, strlen(name)))
            return true;
    return false;
}

/* inih's callback: 1 goes on, 0 is an error. */
static int read_file_entry(void *context, const char *section, const char *name, const char *text)
{
    struct file_reader *reader = context;
    struct config *config = reader->config;
    const struct option *option = option_find(config->command, name, strlen(name));
    bool ours = strcmp(section, command_table[config->command].name) == 0;

    if (*section && !ours) {
        for (int command = 0; command < COMMAND_IDS; command++)
            if (strcmp(section, command_table[command].name) == 0)
                return 1;
        error_set(reader->error, ERROR_MISTAKE, "unknown section \"%s\"", section);
        reader->failed = true;
        return 0;
    }
    if (!option && !ours && known_to_any(name))
        return 1;
    reader->failed = option ? set_value(config, option, SOURCE_FILE, text, reader->error)
                            : unknown_option(config->command, name, strlen(name), reader->error);
    return !reader->failed;
}

static int read_file(struct config *config, const char *path, struct error *error)
{
    struct file_reader reader = {config, error, false};
    int line = ini_parse(path, read_file_entry, &reader);

    if (line == 0)
        return 0;
    if (line < 0)
        return error_set(error, ERROR_MISTAKE, "could not read the configuration file \"%s\": %m", path);
    if (!reader.failed)
        error_set(error, ERROR_MISTAKE, "not a \"name = value\" line");
    error->kind = ERROR_MISTAKE;
    return error_context(error, "configuration file \"%s\", line %d", path, line);
}

static int set_defaults(struct config *config, struct error *error)
{
    for (size_t i = 0; i < OPTION_IDS; i++) {
        const struct option *option = &option_table[i];

        if (option->fallback && option_taken(option, config->command) &&
            set_value(config, option, SOURCE_DEFAULT, option->fallback, error))
            return -1;
    }
    return 0;
}

static int check_required(const struct config *config, struct error *error)
{
    const struct command *command = &command_table[config->command];

    for (size_t i = 0; i < command->required_count; i++) {
        const struct option *option = &option_table[command->positionals[i]];

        if (!config_has(config, id_of(option))) {
            error_set(error, ERROR_USAGE, "missing argument %s: %s", option->name, option->help);
            return error_hint(error, "see antenna %s --help", command->name);
        }
    }
    return 0;
}

static int load(struct config *config, int count, char **arguments, struct error *error)
{
    if (read_arguments(config, count, arguments, error))
        return -1;
    if (config_flag(config, OPTION_HELP) || config_flag(config, OPTION_VERSION))
        return 0;
    if (read_environment(config, error))
        return -1;
    if (config_has(config, OPTION_CONFIG) && read_file(config, config_text(config, OPTION_CONFIG), error))
        return -1;
    if (set_defaults(config, error))
        return -1;
    return check_required(config, error);
}

int config_load(enum command_id command, int count, char **arguments, struct config **ret_config, struct error *error)
{
    struct config *config = memory_new(1, sizeof(*config));

    config->command = command;
    if (load(config, count, arguments, error)) {
        config_free(config);
        return -1;
    }
    *ret_config = config;
    return 0;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < OPTION_IDS; i++)
        clear_entry(&config->entries[i]);
    free(config);
}

void config_cleanup(struct config **config)
{
    config_free(*config);
    *config = NULL;
}

enum command_id config_command(const struct config *config)
{
    return config->command;
}

bool config_has(const struct config *config, enum option_id id)
{
    return config->entries[id].source != SOURCE_NONE;
}

enum config_source config_source(const struct config *config, enum option_id id)
{
    return config->entries[id].source;
}

const char *config_text(const struct config *config, enum option_id id)
{
    return config->entries[id].text;
}

bool config_flag(const struct config *config, enum option_id id)
{
    return config->entries[id].value.flag;
}

int64_t config_number(const struct config *config, enum option_id id)
{
    return config->entries[id].value.number;
}

double config_share(const struct config *config, enum option_id id)
{
    return config->entries[id].value.share;
}

size_t config_list_size(const struct config *config, enum option_id id)
{
    return config->entries[id].list_size;
}

const char *config_list_entry(const struct config *config, enum option_id id, size_t index)
{
    return config->entries[id].list[index];
}
