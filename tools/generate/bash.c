#include "generate.h"

#include <string.h>

#include "config/option.h"

/* Patterns of a case, the options of a kind by their long names and letters; returns how many there are. */
static size_t write_patterns(FILE *file, enum value_kind kind, bool flags)
{
    size_t count = 0;

    for (size_t i = 0; i < OPTION_IDS; i++) {
        const struct option *option = &option_table[i];

        if ((option->type == TYPE_FLAG) != flags || generate_value_kind(option) != kind)
            continue;
        fprintf(file, "%s--%s", count++ ? " | " : "    ", option->name);
        if (option->short_form)
            fprintf(file, " | -%c", option->short_form);
    }
    return count;
}

static void write_kind(FILE *file, enum value_kind kind, const char *action)
{
    if (write_patterns(file, kind, false))
        fprintf(file, ")\n        %s\n        ;;\n", action);
}

static void write_words(FILE *file, const struct option *option)
{
    fprintf(file, "    --%s)\n        _antenna_offer -W '", option->name);
    for (const char *byte = option->value; *byte; byte++)
        fputc(*byte == '|' ? ' ' : *byte, file);
    fputs("' -- \"$2\"\n        ;;\n", file);
}

static void write_names(FILE *file, enum command_id id, bool positional)
{
    const struct command *command = &command_table[id];
    const char *separator = "";

    fprintf(file, "    %s) echo '", command->name);
    for (size_t i = 0; positional && i < command->positional_count; i++) {
        fprintf(file, "%s--%s", separator, option_table[command->positionals[i].option].name);
        separator = " ";
    }
    for (size_t i = 0; !positional && i < OPTION_IDS; i++)
        if (option_taken(&option_table[i], id) && (id != COMMAND_CONFIG || i != OPTION_COMMAND)) {
            fprintf(file, "%s--%s", separator, option_table[i].name);
            separator = " ";
        }
    fputs("' ;;\n", file);
}

static void write_lists(FILE *file)
{
    fputs("# The commands.\n_antenna_commands='", file);
    for (int id = 0; id < COMMAND_IDS; id++)
        fprintf(file, "%s%s", id ? " " : "", command_table[id].name);
    fputs("'\n\n# The options of command $1.\n_antenna_options() {\n    case $1 in\n", file);
    for (int id = 0; id < COMMAND_IDS; id++)
        write_names(file, (enum command_id)id, false);
    fputs("    esac\n}\n\n# The arguments of command $1 in order, each as the option that it stands for.\n"
          "_antenna_arguments() {\n    case $1 in\n",
          file);
    for (int id = 0; id < COMMAND_IDS; id++)
        write_names(file, (enum command_id)id, true);
    fputs("    esac\n}\n\n# Whether option $1 takes a value.\n_antenna_takes_value() {\n    case $1 in\n", file);
    write_patterns(file, VALUE_FREE, true);
    fputs(" | -[!-]?*) return 1 ;;\n    esac\n}\n\n", file);
}

static void write_values(FILE *file)
{
    fputs("# Offers what compgen, called with these arguments, finds.\n_antenna_offer() {\n"
          "    mapfile -t COMPREPLY < <(compgen \"$@\")\n}\n\n"
          "# Offers values of option $1 that begin with $2.\n_antenna_values() {\n    case $1 in\n",
          file);
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (generate_value_kind(&option_table[i]) == VALUE_WORD)
            write_words(file, &option_table[i]);
    write_kind(file, VALUE_FILE, "compopt -o filenames 2>/dev/null\n        _antenna_offer -f -- \"$2\"");
    write_kind(file, VALUE_FOLDER, "compopt -o filenames 2>/dev/null\n        _antenna_offer -d -- \"$2\"");
    write_kind(file, VALUE_COMMAND, "_antenna_offer -W \"$_antenna_commands\" -- \"$2\"");
    fputs("    esac\n}\n\n", file);
}

/*
 * COMP_WORDS is broken at each : and =, of which addresses are full, so that words are counted anew. A reply stands for
 * what is behind the last = only.
 */
static const char function[] = "_antenna() {\n"
                               "    local line=${COMP_LINE:0:COMP_POINT} current command word option='' position=0\n"
                               "    local -a words arguments\n"
                               "    COMPREPLY=()\n"
                               "    read -ra words <<<\"$line\"\n"
                               "    [[ $line == *[[:space:]] ]] && words+=('')\n"
                               "    current=${words[-1]}\n"
                               "    set -- \"${words[@]:1:${#words[@]}-2}\"\n"
                               "    if (($# == 0)); then\n"
                               "        _antenna_offer -W \"$_antenna_commands --help --version\" -- \"$current\"\n"
                               "        return\n"
                               "    fi\n"
                               "    # Behind antenna config COMMAND stand the words of COMMAND.\n"
                               "    [[ $1 == config && $# -gt 1 ]] && shift\n"
                               "    command=$1\n"
                               "    shift\n"
                               "    for word; do\n"
                               "        if [[ $option ]]; then\n"
                               "            option=''\n"
                               "        elif [[ $word == --*=* ]]; then\n"
                               "            :\n"
                               "        elif [[ $word == -?* ]]; then\n"
                               "            if _antenna_takes_value \"$word\"; then option=$word; fi\n"
                               "        else\n"
                               "            position=$((position + 1))\n"
                               "        fi\n"
                               "    done\n"
                               "    if [[ $option ]]; then\n"
                               "        _antenna_values \"$option\" \"$current\"\n"
                               "    elif [[ $current == --*=* ]]; then\n"
                               "        _antenna_values \"${current%%=*}\" \"${current#*=}\"\n"
                               "    elif [[ $current == -?* ]]; then\n"
                               "        _antenna_offer -W \"$(_antenna_options \"$command\")\" -- \"$current\"\n"
                               "    else\n"
                               "        read -ra arguments <<<\"$(_antenna_arguments \"$command\")\"\n"
                               "        _antenna_values \"${arguments[position]-}\" \"$current\"\n"
                               "    fi\n"
                               "}\n\n"
                               "complete -F _antenna antenna\n";

void generate_bash(FILE *file)
{
    fputs("# Completion of antenna for bash, generated from its table of options.\n\n", file);
    write_lists(file);
    write_values(file);
    fputs(function, file);
}
