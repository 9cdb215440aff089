#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/sources.h"
#include "config/value.h"

#define LIST_ENTRIES_MAX 256

static enum option_id id_of(const struct option *option)
{
    return (enum option_id)(option - option_table);
}

static bool is_list(const struct option *option)
{
    return option->type == TYPE_LIST || option->type == TYPE_WORDS || option->type == TYPE_PROPERTIES;
}

static void clear_given(struct given *given)
{
    if (given->text)
        explicit_bzero(given->text, strlen(given->text));
    free(given->text);
    *given = (struct given){0};
}

static void clear_entry(struct entry *entry)
{
    for (size_t i = 0; i < entry->list_size; i++)
        clear_given(&entry->list[i]);
    free(entry->list);
    clear_given(&entry->given);
    *entry = (struct entry){0};
}

static void give(struct given *given, struct origin origin, const char *text, size_t size)
{
    clear_given(given);
    *given = (struct given){memory_text(text, size), origin};
}

/* The entry of a property's name, or NULL. */
static struct given *find_property(const struct entry *entry, const char *text, size_t size)
{
    const char *equals = memchr(text, '=', size);
    size_t name_size = equals ? (size_t)(equals - text) : size;

    for (size_t i = 0; i < entry->list_size; i++)
        if (strcspn(entry->list[i].text, "=") == name_size && memcmp(entry->list[i].text, text, name_size) == 0)
            return &entry->list[i];
    return NULL;
}

static int add_list_entry(struct entry *entry, const struct option *option, struct origin origin, const char *text,
                          size_t size, struct error *error)
{
    struct given *known = option->type == TYPE_PROPERTIES ? find_property(entry, text, size) : NULL;

    if (size == 0)
        return error_set(error, ANT_VALUE_INVALID, "invalid value for %s: an entry is empty", option->name);
    if (known) {
        if (known->origin.source <= origin.source)
            give(known, origin, text, size);
        return 0;
    }
    if (entry->list_size == LIST_ENTRIES_MAX)
        return error_set(error, ANT_VALUE_INVALID, "too many values for %s: at most %d", option->name,
                         LIST_ENTRIES_MAX);
    entry->list = memory_resize(entry->list, entry->list_size + 1, sizeof(*entry->list));
    entry->list[entry->list_size] = (struct given){0};
    give(&entry->list[entry->list_size++], origin, text, size);
    return 0;
}

/* Values of librdkafka's properties have commas of their own, so that these are split in the environment only. */
static int add_list(struct entry *entry, const struct option *option, struct origin origin, const char *text,
                    struct error *error)
{
    bool split = option->type != TYPE_PROPERTIES || origin.source == SOURCE_ENVIRONMENT;

    while (split) {
        size_t size = strcspn(text, ",");

        if (!text[size])
            break;
        if (add_list_entry(entry, option, origin, text, size, error))
            return -1;
        text += size + 1;
    }
    return add_list_entry(entry, option, origin, text, strlen(text), error);
}

int config_set(struct config *config, const struct option *option, struct origin origin, const char *text,
               struct error *error)
{
    struct entry *entry = &config->entries[id_of(option)];
    cleanup(memory_free) char *path = NULL;
    union value value = {0};
    bool weaker = entry->given.origin.source > origin.source;

    if (weaker && option->type != TYPE_PROPERTIES)
        return 0;
    if (value_parse(option, text, &value, error))
        return -1;
    if (option->type == TYPE_PATH) {
        if (path_resolve(text, &path, error))
            return error_context(error, "invalid value for %s", option->name);
        text = path;
    }
    if (is_list(option) && option->type != TYPE_PROPERTIES && entry->given.origin.source < origin.source)
        clear_entry(entry);
    if (!weaker) {
        give(&entry->given, origin, text, strlen(text));
        entry->value = value;
    }
    return is_list(option) ? add_list(entry, option, origin, text, error) : 0;
}

int config_unknown(enum command_id command, const char *name, size_t size, struct error *error)
{
    const struct option *nearest = size < OPTION_NAME_SIZE ? option_nearest(command, name, size) : NULL;

    error_set(error, ANT_OPTION_UNKNOWN, "unknown option \"%.*s\"", (int)size, name);
    if (nearest)
        return error_hint(error, "did you mean \"%s\"? See antenna %s --help", nearest->name,
                          command_table[command].name);
    return error_hint(error, "see antenna %s --help", command_table[command].name);
}

static int set_defaults(struct config *config, struct error *error)
{
    for (size_t i = 0; i < OPTION_IDS; i++) {
        const struct option *option = &option_table[i];

        const char *default_value = option_default(option, config->command);

        if (default_value && option_taken(option, config->command) &&
            config_set(config, option, (struct origin){SOURCE_DEFAULT, 0}, default_value, error))
            return -1;
    }
    return 0;
}

static int check_required(const struct config *config, struct error *error)
{
    const struct command *command = &command_table[config->command];

    for (size_t i = 0; i < command->positional_count; i++) {
        const struct option *option = &option_table[command->positionals[i].option];

        if (command->positionals[i].required && !config_has(config, command->positionals[i].option)) {
            error_set(error, ANT_ARGUMENT_MISSING, "missing argument %s: %s", option->name, option->help);
            return error_hint(error, "see antenna %s --help", command->name);
        }
    }
    return 0;
}

static int read_sources(struct config *config, int argc, char **argv, struct error *error)
{
    if (config_read_arguments(config, argc, argv, error))
        return -1;
    if (config_flag(config, OPTION_HELP) || config_flag(config, OPTION_VERSION))
        return 0;
    if (config_read_environment(config, error))
        return -1;
    if (config_has(config, OPTION_CONFIG) && config_read_file(config, config_text(config, OPTION_CONFIG), error))
        return -1;
    return set_defaults(config, error);
}

int config_read(enum command_id command, int argc, char **argv, struct config **ret_config, struct error *error)
{
    struct config *config = memory_new(1, sizeof(*config));

    config->command = command;
    if (read_sources(config, argc, argv, error)) {
        config_free(config);
        return -1;
    }
    *ret_config = config;
    return 0;
}

int config_load(enum command_id command, int argc, char **argv, struct config **ret_config, struct error *error)
{
    cleanup(config_cleanup) struct config *config = NULL;

    if (config_read(command, argc, argv, &config, error))
        return -1;
    if (!config_flag(config, OPTION_HELP) && !config_flag(config, OPTION_VERSION) && check_required(config, error))
        return -1;
    *ret_config = config;
    config = NULL;
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
    return config->entries[id].given.origin.source != SOURCE_NONE;
}

int config_require(const struct config *config, enum option_id id, struct error *error)
{
    if (config_has(config, id))
        return 0;
    error_set(error, ANT_ARGUMENT_MISSING, "missing option --%s: %s", option_table[id].name, option_table[id].help);
    return error_hint(error, "see antenna %s --help", command_table[config->command].name);
}

enum config_source config_source(const struct config *config, enum option_id id)
{
    return config->entries[id].given.origin.source;
}

const char *config_text(const struct config *config, enum option_id id)
{
    return config->entries[id].given.text;
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
    return config->entries[id].list[index].text;
}

unsigned config_words(const struct config *config, enum option_id id)
{
    unsigned words = 0;

    for (size_t i = 0; i < config_list_size(config, id); i++) {
        const char *word = config_list_entry(config, id, i);

        words |= 1u << value_word(&option_table[id], word, strlen(word));
    }
    return words;
}
