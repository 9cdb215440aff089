#include "base/error.h"
#include "config/help.h"
#include "generate.h"
#include "kafka/property.h"
#include "record/total_kind.h"

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

static void write_row(FILE *file, const struct option *option, enum command_id command, bool positional)
{
    const char *default_value = option_default(option, command);
    const char short_form[] = {'-', option->short_form, ',', ' ', '\0'};

    fprintf(file, "| `%s%s%s%s", option->short_form ? short_form : "", positional ? "" : "--", option->name,
            option->value ? " " : "");
    write_cell(file, option->value ? option->value : "");
    fputs("` | ", file);
    write_environment(file, option);
    fprintf(file, " | %s%s%s | ", default_value ? "`" : "", default_value ? default_value : "",
            default_value ? "`" : "");
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
        write_row(file, &option_table[command->positionals[i].option], id, true);
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (option_taken(&option_table[i], id) && !option_is_positional(&option_table[i], id))
            write_row(file, &option_table[i], id, false);
    fprintf(file, "\n```sh\n%s```\n", command->examples);
}

static void write_property(FILE *file, const struct property *row)
{
    static const char *const rules[] = {
        [PROPERTY_DEFAULT] = "default",
        [PROPERTY_CLASSIC] = "default",
        [PROPERTY_FIXED] = "fixed",
        [PROPERTY_REFUSED] = "refused",
    };

    fprintf(file, "| `%s` | %s | %s", row->name,
            row->roles == PROPERTY_READER   ? "speed, doctor"
            : row->roles == PROPERTY_WRITER ? "simulate"
                                            : "all",
            rules[row->rule]);
    if (row->refused)
        fprintf(file, ", but not `%s`", row->refused);
    fprintf(file, " | %s%s%s | ", row->value ? "`" : "", row->value ? row->value : "", row->value ? "`" : "");
    write_cell(file, row->reason);
    if (row->option)
        fprintf(file, "; use `--%s`", row->option->name);
    fputs(" |\n", file);
}

static void write_properties(FILE *file)
{
    fputs(
        "\n## Kafka properties\n\n"
        "`--kafka-property` (`-X`), `ANTENNA_KAFKA_PROPERTY` and the key `kafka-property` of the configuration file\n"
        "take any [librdkafka property](https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md).\n"
        "Those that change what is read, or that exactly-once depends on, are in this table:\n\n"
        "- **default**: antenna sets this value, and a property given replaces it.\n"
        "- **fixed**: another value ends the command with exit code 3 before a server is asked, also by an alias\n"
        "  (`metadata.broker.list`, `acks`). The same value is accepted. Without a value it is librdkafka's default.\n"
        "- **refused**: any value ends the command in this way.\n\n"
        "A property that is not in the table is free. A name or a value that librdkafka does not know ends the\n"
        "command with exit code 2.\n\n"
        "| property | commands | rule | value | because |\n| --- | --- | --- | --- | --- |\n",
        file);
    for (const struct property *row = property_table; row->name; row++)
        write_property(file, row);
}

static void write_fields(FILE *file)
{
    static const char *const values[] = {
        [FIELD_KIND_TIME] = "event time, whole seconds since 1970-01-01T00:00:00Z",
        [FIELD_KIND_AMOUNT] = "a whole number from 0 on",
        [FIELD_KIND_TEXT] = "a text",
        [FIELD_KIND_ID] = "a text",
    };

    fprintf(
        file,
        "\n## Fields of an event\n\n"
        "A message is a JSON object with these fields; other fields are ignored. A text has 1 to %d bytes of UTF-8.\n"
        "The archive's files have a column for each. A field that is not required is NULL there where it is absent or "
        "no such\n"
        "text: it never makes an event invalid.\n\n"
        "| field | also accepted as | value | required |\n| --- | --- | --- | --- |\n",
        RECORD_TEXT_SIZE_MAX);
    for (enum field field = 0; field < FIELDS; field++) {
        const struct field_entry *entry = &record_fields[field];

        fprintf(file, "| `%s` | ", entry->name);
        if (entry->alias)
            fprintf(file, "`%s` ", entry->alias);
        fprintf(file, "| %s | %s |\n", values[entry->kind], entry->required ? "yes" : "no");
    }
}

static void write_totals(FILE *file)
{
    fputs("\n## Metrics\n\n"
          "The values of the column `type`, what is added up, and the field of the event that is the `id`, or two "
          "fields\n"
          "([how they are joined](data.md#metrics)).\n\n"
          "| type | adds up | by | kept |\n| --- | --- | --- | --- |\n",
          file);
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++) {
        const struct total_kind_entry *entry = &total_kinds[kind];

        fprintf(file, "| `%s` | %s | `%s`", entry->label, total_unit_name(kind), text_field(entry->texts[0])->name);
        if (key_is_pair(entry->key))
            fprintf(file, ", `%s`", text_field(entry->texts[1])->name);
        fprintf(file, " | %s |\n", entry->standard ? "always" : "with `--metrics`");
    }
}

void generate_reference(FILE *file)
{
    fputs("# Reference of commands and options\n\n"
          "Generated from the option table by `make reference`; do not edit. Each argument is also an option\n"
          "(`--topic`), an environment variable (`ANTENNA_TOPIC`) and a key of the configuration file (`topic`);\n"
          "precedence: option or argument, environment, file, default.\n\n"
          "## Exit codes\n\n| exit code | meaning | a service manager should retry |\n| --- | --- | --- |\n",
          file);
    for (int code = 0; code < EXIT_CODES; code++)
        fprintf(file, "| %d | %s | %s |\n", code, exit_code_table[code].meaning,
                exit_code_table[code].retry ? "yes" : "no");
    fputs("| 130, 143 | a second SIGINT or SIGTERM stopped it at once; nothing is lost | no |\n", file);
    for (size_t i = 0; i < COMMAND_IDS; i++)
        write_command(file, (enum command_id)i);
    write_properties(file);
    write_fields(file);
    write_totals(file);
}
