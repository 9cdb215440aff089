/* Manual pages in mdoc(7), which mandoc and groff read. */
#include "generate.h"

#include <string.h>
#include <utf8proc.h>

#include "base/error.h"

/* Bytes of a line: mandoc wants at most 80, and counts more for what is not ASCII. */
#define WIDTH 70
#define NAME_SIZE 64

/* A word as roff reads it: backslashes stand for themselves, options keep their dashes. All of it is ASCII, as man of
 * Debian 12 shows the begin of some pages twice that are not. */
static void write_word(FILE *file, const char *word, size_t size)
{
    bool dashes = word[0] == '-';

    if (word[0] == '.' || word[0] == '\'')
        fputs("\\&", file);
    for (const char *end = word + size; word < end;) {
        utf8proc_int32_t character;

        word += utf8proc_iterate((const utf8proc_uint8_t *)word, end - word, &character);
        if (character == '\\')
            fputs("\\e", file);
        else if (character == '-' && dashes)
            fputs("\\-", file);
        else if (character > 0x7f)
            fprintf(file, "\\[u%04X]", (unsigned)character);
        else
            fputc(character, file);
    }
}

/* Running text with `end` behind it, broken at blanks and behind sentences. */
static void write_text(FILE *file, const char *text, const char *end)
{
    size_t column = 0;

    for (text += strspn(text, " \n"); *text;) {
        size_t size = strcspn(text, " \n");
        const char *next = text + size + strspn(text + size, " \n");

        write_word(file, text, size);
        column += size + 1;
        if (!*next)
            fprintf(file, "%s\n", end);
        else if (strchr(".!?", text[size - 1]) || column + strcspn(next, " \n") > WIDTH) {
            fputc('\n', file);
            column = 0;
        } else
            fputc(' ', file);
        text = next;
    }
}

static void write_literal(FILE *file, const char *text)
{
    fputs(".Bd -literal -offset 2n\n", file);
    while (*text) {
        size_t size = strcspn(text, "\n");
        size_t blanks = strspn(text, " ");

        /* What stands in the terminal's help two columns in. */
        fprintf(file, "%*s", blanks > 2 ? (int)blanks - 2 : 0, "");
        write_word(file, text + blanks, size - blanks);
        fputc('\n', file);
        text += size + (text[size] == '\n');
    }
    fputs(".Ed\n", file);
}

static void write_head(FILE *file, const char *title, const char *name, const char *summary, const char *date)
{
    fprintf(file, ".Dd %s\n.Dt %s 1\n.Os antenna %s\n.Sh NAME\n.Nm %s\n.Nd %s\n", date, title, ANTENNA_VERSION, name,
            summary);
}

static void write_option(FILE *file, const struct option *option, enum command_id command, bool positional)
{
    const char *default_value = option_default(option, command);
    char environment[NAME_SIZE];

    if (positional)
        fprintf(file, ".It Ar %s\n", option->name);
    else if (option->short_form)
        fprintf(file, ".It Fl %c%s%s , Fl -%s%s%s\n", option->short_form, option->value ? " Ar " : "",
                option->value ? option->value : "", option->name, option->value ? " Ar " : "",
                option->value ? option->value : "");
    else
        fprintf(file, ".It Fl -%s%s%s\n", option->name, option->value ? " Ar " : "",
                option->value ? option->value : "");
    write_text(file, option->help, ".");
    if (default_value)
        fprintf(file, "The default is\n.Ql %s .\n", default_value);
    option_environment_name(option, environment, sizeof(environment));
    if (option_in_environment(option))
        fprintf(file, "Environment:\n.Ev %s .\n", environment);
}

static void write_synopsis(FILE *file, const struct command *command)
{
    fprintf(file, ".Sh SYNOPSIS\n.Nm antenna %s\n", command->name);
    for (size_t i = 0; i < command->positional_count; i++)
        fprintf(file, ".%sAr %s\n", command->positionals[i].required ? "" : "Op ",
                option_table[command->positionals[i].option].name);
    fputs(".Op Ar OPTIONS\n", file);
}

static void write_exit_status(FILE *file)
{
    fputs(".Sh EXIT STATUS\n.Bl -tag -width 3n -compact\n", file);
    for (int code = 0; code < EXIT_CODES; code++)
        fprintf(file, ".It %d\n%s\n", code, exit_code_table[code].meaning);
    fputs(".It 130 , 143\na second SIGINT or SIGTERM stopped it at once\n.El\n.Pp\n"
          "An error is logged with a code, such as ANT\\-K012.\n"
          "The page docs/errors.md of the documentation has the cause and fix of each code.\n",
          file);
}

static void write_see_also(FILE *file, const char *except)
{
    const char *separator = "";

    fputs(".Sh SEE ALSO\n", file);
    if (except) {
        fputs(".Xr antenna 1", file);
        separator = " ,\n";
    }
    /* In the order of the alphabet, as manual pages have it. */
    for (const char *last = "";;) {
        const char *next = NULL;

        for (size_t i = 0; i < COMMAND_IDS; i++)
            if (strcmp(command_table[i].name, last) > 0 && (!next || strcmp(command_table[i].name, next) < 0))
                next = command_table[i].name;
        if (!next)
            break;
        last = next;
        if (except && strcmp(next, except) == 0)
            continue;
        fprintf(file, "%s.Xr antenna-%s 1", separator, next);
        separator = " ,\n";
    }
    fputc('\n', file);
}

void generate_command_manual(FILE *file, enum command_id id, const char *date)
{
    const struct command *command = &command_table[id];
    char title[NAME_SIZE], name[NAME_SIZE];

    snprintf(name, sizeof(name), "antenna-%s", command->name);
    snprintf(title, sizeof(title), "%s", name);
    for (char *byte = title; *byte; byte++)
        if (*byte >= 'a' && *byte <= 'z')
            *byte = (char)(*byte - 'a' + 'A');
    write_head(file, title, name, command->summary, date);
    write_synopsis(file, command);
    fputs(".Sh DESCRIPTION\n", file);
    write_text(file, command->description, "");
    fputs(".Pp\nThe arguments, in order, each of which is also an option:\n.Bl -tag -width Ds\n", file);
    for (size_t i = 0; i < command->positional_count; i++)
        write_option(file, &option_table[command->positionals[i].option], id, true);
    fputs(".El\n.Pp\nThe options:\n.Bl -tag -width Ds\n", file);
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (option_taken(&option_table[i], id) && !option_is_positional(&option_table[i], id))
            write_option(file, &option_table[i], id, false);
    fputs(".El\n", file);
    write_exit_status(file);
    fputs(".Sh EXAMPLES\n", file);
    write_literal(file, command->examples);
    write_see_also(file, command->name);
}

void generate_program_manual(FILE *file, const char *date)
{
    write_head(file, "ANTENNA", "antenna", "turn the events of mobile-phone antennas into totals that can be billed",
               date);
    fputs(".Sh SYNOPSIS\n.Nm\n.Ar COMMAND\n.Ar ARGUMENTS\n.Op Ar OPTIONS\n.Sh DESCRIPTION\n.Nm\n", file);
    write_text(file,
               "reads a stream of events from Kafka into window totals in PostgreSQL and a Parquet archive, "
               "exactly once (speed layer), and computes hourly totals and users over quota from that archive "
               "(batch layer).",
               "");
    fputs(".Pp\nThe commands:\n.Bl -tag -width provisionX\n", file);
    for (size_t i = 0; i < COMMAND_IDS; i++) {
        fprintf(file, ".It Cm %s\n", command_table[i].name);
        write_text(file, command_table[i].summary, "");
    }
    fputs(".El\n.Pp\n", file);
    write_text(file,
               "Each argument is also an option, an environment variable and a key of the configuration file, in "
               "this order of precedence. Data goes to standard output, talk to standard error.",
               "");
    fputs(".Sh ENVIRONMENT\n", file);
    write_text(file,
               "The variable of an option is its name in capitals, with _ for each dash, behind ANTENNA_. One "
               "environment may serve all commands; a variable that begins so and belongs to none is refused.",
               "");
    fputs(".Sh FILES\n", file);
    write_text(file,
               "The configuration file that --config names has a line \"key = value\" for each option, where "
               "the key is the option's name. Keys above all sections are for every command that takes them, "
               "those of a section for the command that it is named after. A value goes to the end of its line; "
               "# and ; at the beginning of a line begin a comment.",
               "");
    write_literal(file, "  jdbc-uri = jdbc:postgresql://localhost:5432/antenna\n  jdbc-user = antenna\n"
                        "  [speed]\n  workers = 4\n  kafka-property = security.protocol=SSL\n");
    write_exit_status(file);
    fputs(".Sh EXAMPLES\n", file);
    for (size_t i = 0; i < COMMAND_IDS; i++)
        write_literal(file, command_table[i].examples);
    write_see_also(file, NULL);
}
