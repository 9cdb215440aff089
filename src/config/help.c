#include "config/help.h"

#include <string.h>

#include "base/error.h"

#define HELP_COLUMN 30
#define HELP_WIDTH 100

void help_program(FILE *file)
{
    fputs("antenna turns the events of mobile-phone antennas into totals that can be billed: a stream from Kafka into\n"
          "PostgreSQL and Parquet (speed layer), and hourly totals and users over quota from Parquet (batch layer).\n\n"
          "usage: antenna COMMAND ARGUMENTS [OPTIONS]\n\ncommands:\n",
          file);
    for (size_t i = 0; i < COMMAND_IDS; i++)
        fprintf(file, "  %-12s%s\n", command_table[i].name, command_table[i].summary);
    fputs("\nantenna COMMAND --help shows the arguments and options of a command.\n"
          "Each argument is also an option (--topic), an environment variable (ANTENNA_TOPIC) and a key of the\n"
          "configuration file (topic), in this order of precedence; antenna config COMMAND shows what it comes to.\n\n"
          "examples:\n"
          "  antenna provision jdbc:postgresql://localhost:5432/postgres postgres - --users users.csv\n"
          "  antenna simulate localhost:9092 devices --rate 1000 --duration 10m\n"
          "  antenna speed localhost:9092 devices jdbc:postgresql://localhost:5432/postgres \\\n"
          "      bytes postgres - /var/lib/antenna\n\n"
          "exit codes: ",
          file);
    for (int code = 0; code < EXIT_CODES; code++)
        fprintf(file, "%s%d %s", code == 0 ? "" : ", ", code, exit_code_table[code].word);
    fputs("\n\nAn error is logged with its code, such as ANT-K012, of which docs/errors.md has the cause and fix.\n",
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

static void write_row(FILE *file, const char *name, const struct option *option, enum command_id command)
{
    const char *default_value = option_default(option, command);
    char text[512];

    snprintf(text, sizeof(text), "%s%s%s%s", option->help, default_value ? " (default: " : "",
             default_value ? default_value : "", default_value ? ")" : "");
    if (strlen(name) + 2 < HELP_COLUMN)
        fprintf(file, "  %-*s", HELP_COLUMN - 2, name);
    else
        fprintf(file, "  %s\n%*s", name, HELP_COLUMN, "");
    write_wrapped(file, text);
}

void help_usage(FILE *file, enum command_id id)
{
    const struct command *command = &command_table[id];

    fprintf(file, "usage: antenna %s", command->name);
    for (size_t i = 0; i < command->positional_count; i++) {
        const char *name = option_table[command->positionals[i].option].name;

        fprintf(file, command->positionals[i].required ? " %s" : " [%s]", name);
    }
    fputs(" [OPTIONS]\n", file);
}

static void write_option(FILE *file, const struct option *option, enum command_id command)
{
    char name[OPTION_NAME_SIZE];

    snprintf(name, sizeof(name), "%s%c%s--%s%s%s", option->short_form ? "-" : "",
             option->short_form ? option->short_form : ' ', option->short_form ? ", " : "   ", option->name,
             option->value ? " " : "", option->value ? option->value : "");
    write_row(file, name, option, command);
}

void help_command(FILE *file, enum command_id id)
{
    const struct command *command = &command_table[id];

    help_usage(file, id);
    fprintf(file, "\n%s\n\narguments, in order (each also as --option):\n", command->description);
    for (size_t i = 0; i < command->positional_count; i++)
        write_row(file, option_table[command->positionals[i].option].name,
                  &option_table[command->positionals[i].option], id);
    fputs("\noptions:\n", file);
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (option_taken(&option_table[i], id) && !option_is_positional(&option_table[i], id))
            write_option(file, &option_table[i], id);
    fprintf(file, "\nexamples:\n%s", command->examples);
}
