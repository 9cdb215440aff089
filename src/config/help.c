#include "config/help.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define HELP_COLUMN 30
#define HELP_WIDTH 100
#define NAME_SIZE 64

static bool is_positional(const struct command *command, const struct option *option)
{
    for (size_t i = 0; i < command->positional_count; i++)
        if (&option_table[command->positionals[i]] == option)
            return true;
    return false;
}

void help_program(FILE *file)
{
    fputs("antenna turns the events of mobile-phone antennas into totals that can be billed: a stream from Kafka into\n"
          "PostgreSQL and Parquet (speed layer), and hourly totals and quota offenders from Parquet (batch layer).\n\n"
          "usage: antenna COMMAND ARGUMENTS [OPTIONS]\n\ncommands:\n",
          file);
    for (size_t i = 0; i < COMMAND_IDS; i++)
        fprintf(file, "  %-12s%s\n", command_table[i].name, command_table[i].summary);
    fputs("\nantenna COMMAND --help tells the arguments and options of a command.\n"
          "Each argument is also an option (--topic), an environment variable (ANTENNA_TOPIC) and a key of the\n"
          "configuration file (topic), in this order of precedence.\n\n"
          "exit codes: 0 done, 1 failed, 2 usage, 3 environment or configuration, 4 a check found a difference\n",
          file);
}

/* Writes text from HELP_COLUMN on, broken at blanks. */
static void write_wrapped(FILE *file, const char *text)
{
    size_t column = HELP_COLUMN;

    while (*text) {
        size_t size = strcspn(text, " ");

        if (column > HELP_COLUMN && column + 1 + size > HELP_WIDTH) {
            fprintf(file, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            fputc(' ', file);
            column++;
        }
        fprintf(file, "%.*s", (int)size, text);
        column += size;
        text += size + (text[size] == ' ');
    }
    fputc('\n', file);
}

static void write_row(FILE *file, const char *name, const struct option *option)
{
    char text[512];

    snprintf(text, sizeof(text), "%s%s%s%s", option->help, option->fallback ? " (default: " : "",
             option->fallback ? option->fallback : "", option->fallback ? ")" : "");
    if (strlen(name) + 2 < HELP_COLUMN)
        fprintf(file, "  %-*s", HELP_COLUMN - 2, name);
    else
        fprintf(file, "  %s\n%*s", name, HELP_COLUMN, "");
    write_wrapped(file, text);
}

static void write_usage(FILE *file, const struct command *command)
{
    fprintf(file, "usage: antenna %s", command->name);
    for (size_t i = 0; i < command->positional_count; i++) {
        const char *name = option_table[command->positionals[i]].name;

        fprintf(file, i < command->required_count ? " %s" : " [%s]", name);
    }
    fputs(" [OPTIONS]\n", file);
}

static void write_option(FILE *file, const struct option *option)
{
    char name[NAME_SIZE];

    snprintf(name, sizeof(name), "%s%c%s--%s%s%s", option->letter ? "-" : "", option->letter ? option->letter : ' ',
             option->letter ? ", " : "   ", option->name, option->value ? " " : "", option->value ? option->value : "");
    write_row(file, name, option);
}

void help_command(FILE *file, enum command_id id)
{
    const struct command *command = &command_table[id];

    write_usage(file, command);
    fprintf(file, "\n%s\n\narguments, in order (each also as --option):\n", command->description);
    for (size_t i = 0; i < command->positional_count; i++)
        write_row(file, option_table[command->positionals[i]].name, &option_table[command->positionals[i]]);
    fputs("\noptions:\n", file);
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (option_taken(&option_table[i], id) && !is_positional(command, &option_table[i]))
            write_option(file, &option_table[i]);
    fprintf(file, "\nexamples:\n%s", command->examples);
}

/* A bar would end the cell. */
static void write_cell(FILE *file, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', file);
        fputc(*text, file);
    }
}

static void write_markdown_row(FILE *file, const struct option *option, bool positional)
{
    const char letter[] = {'-', option->letter, ',', ' ', '\0'};
    char environment[NAME_SIZE];

    option_environment_name(option, environment, sizeof(environment));
    fprintf(file, "| `%s%s%s%s%s` | `%s` | %s%s%s | ", option->letter ? letter : "", positional ? "" : "--",
            option->name, option->value ? " " : "", option->value ? option->value : "", environment,
            option->fallback ? "`" : "", option->fallback ? option->fallback : "", option->fallback ? "`" : "");
    write_cell(file, option->help);
    fputs(" |\n", file);
}

static void write_markdown_command(FILE *file, enum command_id id)
{
    const struct command *command = &command_table[id];

    fprintf(file, "\n## antenna %s\n\n%s\n\n```\n", command->name, command->description);
    write_usage(file, command);
    fputs("```\n\n| argument or option | environment | default | meaning |\n| --- | --- | --- | --- |\n", file);
    for (size_t i = 0; i < command->positional_count; i++)
        write_markdown_row(file, &option_table[command->positionals[i]], true);
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (option_taken(&option_table[i], id) && !is_positional(command, &option_table[i]))
            write_markdown_row(file, &option_table[i], false);
    fprintf(file, "\n```sh\n%s```\n", command->examples);
}

void help_markdown(FILE *file)
{
    fputs("# Reference of commands and options\n\n"
          "Generated from the option table by `make reference`; do not edit. Each argument is also an option\n"
          "(`--topic`), an environment variable (`ANTENNA_TOPIC`) and a key of the configuration file (`topic`);\n"
          "precedence: option or argument, environment, file, default.\n\n"
          "Exit codes: 0 done; 1 failed; 2 usage; 3 environment or configuration; 4 a check found a difference.\n"
          "SIGTERM and SIGINT ask for a clean stop and exit 0; a second one stops at once (143, 130).\n",
          file);
    for (size_t i = 0; i < COMMAND_IDS; i++)
        write_markdown_command(file, (enum command_id)i);
}
