/* The command line: options and positional arguments in any order, "--" ends the options. */
#include <string.h>

#include "config/sources.h"

static const struct origin from_argument = {SOURCE_ARGUMENT, 0};

static void wipe(const struct option *option, char *argument)
{
    if (option->secret)
        memset(argument, 'x', strlen(argument));
}

static const struct option *find_short_form(enum command_id command, char short_form)
{
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (option_table[i].short_form == short_form && option_taken(&option_table[i], command))
            return &option_table[i];
    return NULL;
}

/* Sets an option that may carry its value in the same argument (`attached`) or in the next one. */
static int read_option(struct config *config, const struct option *option, char *attached, int argc, char **argv,
                       int *index, struct error *error)
{
    char *text = attached;
    int status;

    if (option->type == TYPE_FLAG)
        return config_set(config, option, from_argument, attached ? attached : "true", error);
    if (!text) {
        if (*index + 1 >= argc)
            return error_set(error, ANT_ARGUMENT_MISSING, "option --%s wants a value: %s", option->name, option->value);
        text = argv[++*index];
    }
    status = config_set(config, option, from_argument, text, error);
    wipe(option, text);
    return status;
}

/* The positional argument that comes next, or NULL. */
static const struct option *next_positional(const struct config *config, size_t position)
{
    const struct command *command = &command_table[config->command];

    return position < command->positional_count ? &option_table[command->positionals[position].option] : NULL;
}

static bool expects_password(const struct config *config, size_t position)
{
    return next_positional(config, position) == &option_table[OPTION_JDBC_PASSWORD];
}

/* An argument that begins with - and is no option may be a password, when that is the next: then it is not shown. */
static int refuse_unknown(const struct config *config, size_t position, const char *name, size_t size,
                          struct error *error)
{
    if (!expects_password(config, position))
        return config_unknown(config->command, name, size, error);
    error_set(error, ANT_OPTION_UNKNOWN, "unknown option instead of jdbc-password (not shown: it may be the password)");
    return error_hint(error,
                      "write a password that begins with - to a file for --password-file, or write -- before the "
                      "arguments; antenna %s --help lists the options",
                      command_table[config->command].name);
}

static int read_long_option(struct config *config, size_t position, int argc, char **argv, int *index,
                            struct error *error)
{
    char *name = argv[*index] + 2;
    size_t size = strcspn(name, "=");
    const struct option *option = option_find(config->command, name, size);

    if (!option)
        return refuse_unknown(config, position, name, size, error);
    return read_option(config, option, name[size] ? name + size + 1 : NULL, argc, argv, index, error);
}

static int read_short_option(struct config *config, size_t position, int argc, char **argv, int *index,
                             struct error *error)
{
    char *argument = argv[*index];
    const struct option *option = find_short_form(config->command, argument[1]);

    bool is_password = argument[2] && !strchr(argument, '=') && expects_password(config, position);

    /* No flag has a value. More than the short form is not shown: it may be a password. */
    if (!option || is_password || (argument[2] && option->type == TYPE_FLAG))
        return refuse_unknown(config, position, argument, 2, error);
    return read_option(config, option, argument[2] ? argument + 2 : NULL, argc, argv, index, error);
}

static int read_positional(struct config *config, size_t position, char *argument, struct error *error)
{
    const struct command *command = &command_table[config->command];
    const struct option *option = next_positional(config, position);
    int status;

    if (!option) {
        error_set(error, ANT_ARGUMENTS_TOO_MANY, "too many arguments: antenna %s takes %zu", command->name,
                  command->positional_count);
        return error_hint(error, "see antenna %s --help", command->name);
    }
    status = config_set(config, option, from_argument, argument, error);
    wipe(option, argument);
    return status;
}

int config_read_arguments(struct config *config, int argc, char **argv, struct error *error)
{
    size_t position = 0;
    bool options = true;

    for (int i = 0; i < argc; i++) {
        int status;

        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
            continue;
        }
        if (options && strncmp(argv[i], "--", 2) == 0)
            status = read_long_option(config, position, argc, argv, &i, error);
        else if (options && argv[i][0] == '-' && argv[i][1])
            status = read_short_option(config, position, argc, argv, &i, error);
        else
            status = read_positional(config, position++, argv[i], error);
        if (status)
            return -1;
    }
    return 0;
}
