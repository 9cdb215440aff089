#include "config/help.h"
#include "generate.h"

#define NAME_SIZE 64

/* A bar would end the cell. */
static void write_cell(FILE *file, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', file);
        fputc(*text, file);
    }
}

static void write_environment(FILE *file, const struct option *option)
{
    char name[NAME_SIZE];

    option_environment_name(option, name, sizeof(name));
    if (option_in_environment(option))
        fprintf(file, "`%s`", name);
}

static void write_row(FILE *file, const struct option *option, bool positional)
{
    const char letter[] = {'-', option->letter, ',', ' ', '\0'};

    fprintf(file, "| `%s%s%s%s", option->letter ? letter : "", positional ? "" : "--", option->name,
            option->value ? " " : "");
    write_cell(file, option->value ? option->value : "");
    fputs("` | ", file);
    write_environment(file, option);
    fprintf(file, " | %s%s%s | ", option->fallback ? "`" : "", option->fallback ? option->fallback : "",
            option->fallback ? "`" : "");
    write_cell(file, option->help);
    fputs(" |\n", file);
}

static void write_command(FILE *file, enum command_id id)
{
    const struct command *command = &command_table[id];

    fprintf(file, "\n## antenna %s\n\n%s\n\n```\n", command->name, command->description);
    help_usage(file, id);
    fputs("```\n\n| argument or option | environment | default | meaning |\n| --- | --- | --- | --- |\n", file);
    for (size_t i = 0; i < command->positional_count; i++)
        write_row(file, &option_table[command->positionals[i]], true);
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (option_taken(&option_table[i], id) && !option_is_positional(&option_table[i], id))
            write_row(file, &option_table[i], false);
    fprintf(file, "\n```sh\n%s```\n", command->examples);
}

void generate_reference(FILE *file)
{
    fputs("# Reference of commands and options\n\n"
          "Generated from the option table by `make reference`; do not edit. Each argument is also an option\n"
          "(`--topic`), an environment variable (`ANTENNA_TOPIC`) and a key of the configuration file (`topic`);\n"
          "precedence: option or argument, environment, file, default.\n\n"
          "Exit codes: 0 done; 1 failed; 2 usage; 3 environment or configuration; 4 a check found a difference.\n"
          "SIGTERM and SIGINT ask for a clean stop and exit 0; a second one stops at once (143, 130).\n",
          file);
    for (size_t i = 0; i < COMMAND_IDS; i++)
        write_command(file, (enum command_id)i);
}
