/* Picks the subcommand, loads its configuration, runs it and maps its result to the exit code. */
#include <duckdb.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#ifdef ANTENNA_MIMALLOC
#include <mimalloc.h>
#endif
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "base/stop.h"
#include "command/command.h"
#include "config/help.h"

#define EXIT_USAGE 2

typedef int (*command_function)(const struct config *config, struct error *error);

static const command_function command_functions[COMMAND_IDS] = {
    [COMMAND_PROVISION] = command_provision, [COMMAND_SIMULATE] = command_simulate, [COMMAND_SPEED] = command_speed,
    [COMMAND_BATCH] = command_batch,         [COMMAND_VERIFY] = command_verify,     [COMMAND_STATUS] = command_status,
    [COMMAND_DOCTOR] = command_doctor,
};

static void print_version(void)
{
    int libpq = PQlibVersion();

    printf("antenna %s\nlibrdkafka %s\nlibpq %d.%d\nDuckDB %s\n", ANTENNA_VERSION, rd_kafka_version_str(),
           libpq / 10000, libpq % 10000, duckdb_library_version());
}

/* Which of some names, up to a NULL, an option's value is; -1 when it is none of them. */
static int find_name(const struct config *config, enum option_id id, const char *const *names)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], config_text(config, id)) == 0)
            return i;
    return -1;
}

static int set_log(const struct config *config, struct error *error)
{
    static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
    static const char *const formats[] = {"text", "json", NULL};
    int level = find_name(config, OPTION_LOG_LEVEL, levels), format = find_name(config, OPTION_LOG_FORMAT, formats);

    if (level < 0) {
        error_set(error, ERROR_USAGE, "invalid value for log-level: \"%s\"", config_text(config, OPTION_LOG_LEVEL));
        return error_hint(error, "give error, warning, info or debug");
    }
    if (format < 0) {
        error_set(error, ERROR_USAGE, "invalid value for log-format: \"%s\"", config_text(config, OPTION_LOG_FORMAT));
        return error_hint(error, "give text or json");
    }
    log_setup((enum log_level)level, (enum log_format)format, command_table[config_command(config)].name);
    return 0;
}

static int run_command(enum command_id command, int count, char **arguments, struct error *error)
{
    cleanup(config_cleanup) struct config *config = NULL;

    if (config_load(command, count, arguments, &config, error))
        return -1;
    if (config_flag(config, OPTION_HELP)) {
        help_command(stdout, command);
        return 0;
    }
    if (config_flag(config, OPTION_VERSION)) {
        print_version();
        return 0;
    }
    if (set_log(config, error))
        return -1;
    stop_install();
    return command_functions[command](config, error);
}

/* What was printed but could not be written is a failure too. */
static int finish_output(struct error *error)
{
    if (fflush(stdout) || ferror(stdout))
        return error_set(error, ERROR_FAILED, "could not write to standard output: %m");
    return 0;
}

static int dispatch(int count, char **arguments, struct error *error)
{
    const char *name = count > 1 ? arguments[1] : "--help";

    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        print_version();
        return 0;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        help_program(count > 1 ? stdout : stderr);
        return count > 1 ? 0 : EXIT_USAGE;
    }
    for (size_t i = 0; i < COMMAND_IDS; i++)
        if (strcmp(name, command_table[i].name) == 0) {
            log_setup(LOG_INFO, LOG_TEXT, command_table[i].name);
            return run_command((enum command_id)i, count - 2, arguments + 2, error);
        }
    error_set(error, ERROR_USAGE, "unknown command \"%s\"", name);
    return error_hint(error, "see antenna --help");
}

/* What is freed after each roll is needed again for the next: given back meanwhile, it would come back page by page. */
static void keep_memory(void)
{
#ifdef ANTENNA_MIMALLOC
    mi_option_disable(mi_option_allow_decommit);
#endif
}

int main(int count, char **arguments)
{
    struct error error;
    int status;

    /* Memory and environment hold passwords: no core file, and no process of the same user may look into them. */
    prctl(PR_SET_DUMPABLE, 0);
    keep_memory();
    status = dispatch(count, arguments, &error);
    if (status >= 0 && finish_output(&error))
        status = -1;
    if (status >= 0)
        return status;
    log_failure(&error);
    return error_exit_code(error.kind);
}
