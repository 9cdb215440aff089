/*
 * The environment: ANTENNA_TOPIC for --topic. One environment may serve all commands. An empty variable is none, as
 * compositions of containers set those that are left open.
 */
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/sources.h"

#define PREFIX "ANTENNA_"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)

/*
 * What Kubernetes sets in every pod beside a service that is called antenna, or antenna-something: of its ports and of
 * each of them, as Docker's links did (kubernetes.io: Accessing the Service, Environment variables).
 */
#define SERVICE_LINK                                                                                                   \
    "^ANTENNA_([A-Z0-9_]+_)?"                                                                                          \
    "(SERVICE_HOST=|SERVICE_PORT(_[A-Z0-9_]+)?=|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=|PORT=[a-z]+://)"

/* The name of the option that a variable of `size` bytes would set. */
static void name_option(const char *variable, size_t size, char text[OPTION_NAME_SIZE])
{
    snprintf(text, OPTION_NAME_SIZE, "%.*s", (int)(size - PREFIX_SIZE), variable + PREFIX_SIZE);
    for (char *byte = text; *byte; byte++)
        *byte = *byte == '_' ? '-' : (char)tolower((unsigned char)*byte);
}

static bool is_known(const char *variable, size_t size)
{
    char name[OPTION_NAME_SIZE];

    for (size_t i = 0; i < OPTION_IDS; i++) {
        option_environment_name(&option_table[i], name, sizeof(name));
        if (option_in_environment(&option_table[i]) && strlen(name) == size && memcmp(name, variable, size) == 0)
            return true;
    }
    return false;
}

static bool is_service_link(const char *variable)
{
    regex_t pattern;
    bool matches;

    if (regcomp(&pattern, SERVICE_LINK, REG_EXTENDED | REG_NOSUB))
        return false;
    matches = regexec(&pattern, variable, 0, NULL, 0) == 0;
    regfree(&pattern);
    return matches;
}

static int refuse(enum command_id command, const char *variable, size_t size, struct error *error)
{
    const struct option *nearest;
    char name[OPTION_NAME_SIZE];

    name_option(variable, size, name);
    nearest = option_nearest(command, name, strlen(name));
    error_set(error, ANT_SETTING_UNKNOWN, "unknown environment variable %.*s", (int)size, variable);
    if (!nearest || !option_in_environment(nearest))
        return error_hint(error, "unset it; see antenna %s --help for what there is", command_table[command].name);
    option_environment_name(nearest, name, sizeof(name));
    return error_hint(error, "did you mean %s? Else unset it", name);
}

static int refuse_unknown(enum command_id command, struct error *error)
{
    for (char **variable = environ; variable && *variable; variable++) {
        size_t size = strcspn(*variable, "=");

        if (strncmp(*variable, PREFIX, PREFIX_SIZE) == 0 && (*variable)[size] && (*variable)[size + 1] &&
            !is_known(*variable, size) && !is_service_link(*variable))
            return refuse(command, *variable, size, error);
    }
    return 0;
}

/* A copy of a variable's value without the line end of the file from which a container engine made it. NULL if unset.
 */
static char *copy_value(const char *name)
{
    const char *text = getenv(name);
    size_t size = text ? strlen(text) : 0;

    if (size && text[size - 1] == '\n')
        size -= size > 1 && text[size - 2] == '\r' ? 2 : 1;
    return size ? memory_text(text, size) : NULL;
}

int config_read_environment(struct config *config, struct error *error)
{
    static const struct origin origin = {SOURCE_ENVIRONMENT, 0};
    char name[OPTION_NAME_SIZE];

    if (refuse_unknown(config->command, error))
        return -1;
    for (size_t i = 0; i < OPTION_IDS; i++) {
        cleanup(memory_free) char *text = NULL;

        if (!option_taken(&option_table[i], config->command) || !option_in_environment(&option_table[i]))
            continue;
        option_environment_name(&option_table[i], name, sizeof(name));
        text = copy_value(name);
        if (text && config_set(config, &option_table[i], origin, text, error)) {
            error->code = ANT_SETTING_INVALID;
            return error_context(error, "environment variable %s", name);
        }
    }
    return 0;
}
