#include "generate.h"

#include <string.h>

/* Text within '…', with a backslash before each of the `special` characters, which mean something to _arguments. */
static void write_quoted(FILE *file, const char *text, const char *special)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", file);
        else if (strchr(special, *text))
            fprintf(file, "\\%c", *text);
        else
            fputc(*text, file);
}

/* ":message:action" of a value. */
static void write_value(FILE *file, const struct option *option, const char *message)
{
    fputc(':', file);
    write_quoted(file, message, "\\:");
    fputc(':', file);
    switch (generate_value_kind(option)) {
    case VALUE_FREE:
        fputc(' ', file);
        break;
    case VALUE_WORD:
        fputc('(', file);
        for (const char *byte = option->value; *byte; byte++)
            fputc(*byte == '|' ? ' ' : *byte, file);
        fputc(')', file);
        break;
    case VALUE_FILE:
        fputs("_files", file);
        break;
    case VALUE_FOLDER:
        fputs("_files -/", file);
        break;
    case VALUE_COMMAND:
        fputs("_antenna_commands", file);
        break;
    }
}

static void write_option(FILE *file, const struct option *option, bool short_form)
{
    bool repeats = option->type == TYPE_LIST || option->type == TYPE_WORDS || option->type == TYPE_PROPERTIES;

    fprintf(file, " \\\n            '%s", repeats ? "*" : "");
    if (short_form)
        fprintf(file, "-%c", option->short_form);
    else
        fprintf(file, "--%s%s", option->name, option->value ? "=" : "");
    fputc('[', file);
    write_quoted(file, option->help, "\\[]:");
    fputc(']', file);
    if (option->value)
        write_value(file, option, option->value);
    fputc('\'', file);
}

static void write_command(FILE *file, enum command_id id)
{
    const struct command *command = &command_table[id];

    fprintf(file, "    %s)\n        _arguments", command->name);
    for (size_t i = 0; i < OPTION_IDS; i++) {
        if (!option_taken(&option_table[i], id) || i == OPTION_COMMAND)
            continue;
        write_option(file, &option_table[i], false);
        if (option_table[i].short_form)
            write_option(file, &option_table[i], true);
    }
    for (size_t i = 0; i < command->positional_count; i++) {
        const struct option *option = &option_table[command->positionals[i].option];

        fprintf(file, " \\\n            '%zu", i + 1);
        write_value(file, option, option->name);
        fputc('\'', file);
    }
    fputs("\n        ;;\n", file);
}

static const char function[] = "_antenna() {\n"
                               "    local curcontext=$curcontext state line\n"
                               "    typeset -A opt_args\n\n"
                               "    _arguments -C '(-h --help)'{-h,--help}'[print help and exit]' \\\n"
                               "        '(-V --version)'{-V,--version}'[print versions and exit]' \\\n"
                               "        '1:command:_antenna_commands' '*::argument:->words' && return\n"
                               "    [[ $state == words ]] || return 1\n"
                               "    # Behind antenna config COMMAND stand the words of COMMAND.\n"
                               "    if [[ $words[1] == config ]] && ((CURRENT > 2)); then\n"
                               "        shift words\n"
                               "        ((CURRENT--))\n"
                               "    fi\n"
                               "    _antenna_words $words[1]\n"
                               "}\n\n"
                               "if [[ $funcstack[1] == _antenna ]]; then\n"
                               "    _antenna \"$@\"\n"
                               "else\n"
                               "    compdef _antenna antenna\n"
                               "fi\n";

void generate_zsh(FILE *file)
{
    fputs("#compdef antenna\n# Completion of antenna for zsh, generated from its table of options.\n\n"
          "_antenna_commands() {\n    local -a commands\n    commands=(\n",
          file);
    for (int id = 0; id < COMMAND_IDS; id++) {
        fprintf(file, "        '%s:", command_table[id].name);
        write_quoted(file, command_table[id].summary, "\\:");
        fputs("'\n", file);
    }
    fputs("    )\n    _describe -t commands command commands\n}\n\n"
          "# Options and arguments of command $1.\n_antenna_words() {\n    case $1 in\n",
          file);
    for (int id = 0; id < COMMAND_IDS; id++)
        write_command(file, (enum command_id)id);
    fputs("    esac\n}\n\n", file);
    fputs(function, file);
}
