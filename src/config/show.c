#include "config/show.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "config/sources.h"

/* Whether one of the words, which end with NULL, is in the first `size` bytes of the text, in any case. */
static bool has_word(const char *text, size_t size, const char *const words[])
{
    for (; *words; words++)
        for (size_t i = 0; i + strlen(*words) <= size; i++)
            if (strncasecmp(text + i, *words, strlen(*words)) == 0)
                return true;
    return false;
}

/* What is not known to be without secrets is hidden; whether a property is secret follows from its name. */
static bool is_hidden(const struct option *option, const char *text)
{
    static const char *const in_address[] = {"pass", "@", "%", NULL};
    static const char *const in_property[] = {"pass", "secret", "pem", "token", "oauth", "jaas", NULL};

    if (!option->secret)
        return false;
    if (option == &option_table[OPTION_JDBC_URI] || option == &option_table[OPTION_SMTP_URL])
        return has_word(text, strlen(text), in_address);
    if (option == &option_table[OPTION_KAFKA_PROPERTY])
        return has_word(text, strcspn(text, "="), in_property);
    return strcmp(text, "-") != 0; /* - is no password, but says that it is elsewhere */
}

/* A line of a file has no control characters, and a value no blanks at its ends. */
static bool fits_a_line(const char *text)
{
    for (const char *byte = text; *byte; byte++)
        if (iscntrl((unsigned char)*byte))
            return false;
    return text[0] != ' ' && text[strlen(text) - 1] != ' ';
}

static void show_origin(FILE *file, const struct config *config, const struct option *option, struct origin origin)
{
    char name[OPTION_NAME_SIZE];

    switch (origin.source) {
    case SOURCE_NONE:
        break;
    case SOURCE_DEFAULT:
        fputs("# default\n", file);
        break;
    case SOURCE_FILE:
        fprintf(file, "# %s:%d\n", text_show(config_text(config, OPTION_CONFIG)).text, origin.line);
        break;
    case SOURCE_ENVIRONMENT:
        option_environment_name(option, name, sizeof(name));
        fprintf(file, "# environment variable %s\n", name);
        break;
    case SOURCE_ARGUMENT:
        fputs("# argument\n", file);
        break;
    }
}

/* Of a property the name is shown even when its value is not. */
static void show_value(FILE *file, const struct option *option, const char *text)
{
    int name_size = option->type == TYPE_PROPERTIES ? (int)strcspn(text, "=") + 1 : 0;

    if (is_hidden(option, text))
        fprintf(file, "# %s = %.*s(hidden)\n", option->name, name_size, text_show(text).text);
    else if (!fits_a_line(text))
        fprintf(file, "# %s = %s (cannot be in a file)\n", option->name, text_show(text).text);
    else
        fprintf(file, "%s = %s\n", option->name, text);
}

static void show_given(FILE *file, const struct config *config, const struct option *option, const struct given *given)
{
    show_origin(file, config, option, given->origin);
    show_value(file, option, given->text);
}

static void show_entry(FILE *file, const struct config *config, enum option_id id)
{
    const struct entry *entry = &config->entries[id];
    const struct option *option = &option_table[id];

    if (!option_in_file(option))
        return;
    for (size_t i = 0; i < entry->list_size; i++)
        show_given(file, config, option, &entry->list[i]);
    if (entry->list_size == 0 && config_has(config, id))
        show_given(file, config, option, &entry->given);
}

static bool is_required(const struct command *command, enum option_id id)
{
    for (size_t i = 0; i < command->positional_count; i++)
        if (command->positionals[i].option == id)
            return command->positionals[i].required;
    return false;
}

void config_show(FILE *file, const struct config *config)
{
    const struct command *command = &command_table[config->command];

    fprintf(file, "# What antenna %s runs with.\n[%s]\n", command->name, command->name);
    for (size_t i = 0; i < OPTION_IDS; i++) {
        enum option_id id = (enum option_id)i;

        show_entry(file, config, id);
        if (!config_has(config, id) && is_required(command, id))
            fprintf(file, "# %s is missing: %s\n", option_table[id].name, option_table[id].help);
    }
}
