/*
 * The configuration file: `key = value` lines, read by inih. Keys above all sections are for every command that takes
 * them, those of a section [speed] for that command. A value goes to the end of its line, with whatever it contains;
 * `#` and `;` begin a comment at the beginning of a line only. One thread reads at a time: inih's settings are global.
 */
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "config/sources.h"

/* What inih reads of a line; a longer one would be taken for two. */
#define LINE_SIZE_MAX 8192

struct file_reader {
    struct config *config;
    FILE *stream;
    int line;      /* that was read last */
    bool too_long; /* that line */
    bool failed;   /* the error holds a reason already */
    struct error *error;
};

/* inih's reader, by the rules of fgets(). */
static char *read_line(char *text, int size, void *context)
{
    struct file_reader *reader = context;
    char *found = reader->too_long ? NULL : fgets(text, size, reader->stream);

    if (!found)
        return NULL;
    reader->line++;
    reader->too_long = !strchr(text, '\n') && strlen(text) == (size_t)size - 1;
    return found;
}

/* Whether any command takes a key of that name; it may stand above all sections. */
static bool known_to_any(const char *name)
{
    for (int command = 0; command < COMMAND_IDS; command++)
        if (option_find((enum command_id)command, name, strlen(name)))
            return true;
    return false;
}

static int refuse_section(const char *section, struct error *error)
{
    enum command_id nearest;

    error_set(error, ANT_SETTING_UNKNOWN, "unknown section \"%s\"", section);
    if (command_nearest(section, &nearest))
        return error_hint(error, "did you mean [%s]? See antenna --help", command_table[nearest].name);
    return error_hint(error, "give the name of a command, such as [speed]; see antenna --help");
}

static int set_key(struct file_reader *reader, const char *section, const char *name, const char *text)
{
    struct config *config = reader->config;
    enum command_id command = config->command;
    const struct option *option;

    if (*section && !command_find(section, &command))
        return refuse_section(section, reader->error);
    option = option_find(command, name, strlen(name));
    if (option && !option_in_file(option))
        option = NULL;
    else if (!option && !*section && known_to_any(name))
        return 0;
    if (!option)
        return config_unknown(command, name, strlen(name), reader->error);
    if (command != config->command)
        return 0;
    return config_set(config, option, (struct origin){SOURCE_FILE, reader->line}, text, reader->error);
}

/* inih's handler: 1 goes on, 0 is an error. */
static int handle_key(void *context, const char *section, const char *name, const char *text)
{
    struct file_reader *reader = context;

    /* A line that is too long is handed over in pieces. */
    if (reader->too_long)
        return 0;
    reader->failed = set_key(reader, section, name, text) != 0;
    return !reader->failed;
}

static int read_stream(struct file_reader *reader, struct error *error)
{
    int status;

    ini_use_stack = false;
    ini_initial_alloc = LINE_SIZE_MAX;
    ini_max_line = LINE_SIZE_MAX;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_stop_on_first_error = true;
    status = ini_parse_stream(read_line, reader, handle_key, reader);
    if (status < 0)
        return error_set(error, ANT_DEFECT, "out of memory");
    if (status == 0 && !reader->too_long)
        return ferror(reader->stream) ? error_set(error, ANT_SETTINGS_UNREADABLE, "could not read on: %m") : 0;
    if (reader->too_long)
        return error_set(error, ANT_SETTING_INVALID, "the line has more than %d bytes", LINE_SIZE_MAX - 2);
    if (!reader->failed)
        return error_set(error, ANT_SETTING_INVALID, "not a \"name = value\" line");
    if (error->code != ANT_SETTING_UNKNOWN)
        error->code = error->code == ANT_OPTION_UNKNOWN ? ANT_SETTING_UNKNOWN : ANT_SETTING_INVALID;
    return -1;
}

int config_read_file(struct config *config, const char *path, struct error *error)
{
    struct file_reader reader = {.config = config, .stream = fopen(path, "re"), .error = error};
    int status;

    if (!reader.stream)
        return error_set(error, ANT_SETTINGS_UNREADABLE, "could not read the configuration file \"%s\": %m", path);
    status = read_stream(&reader, error);
    fclose(reader.stream);
    return status ? error_context(error, "configuration file \"%s\", line %d", path, reader.line) : 0;
}
