/* Picks the subcommand, loads its configuration, runs it and maps its result to the exit code. */
#include <duckdb.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#ifdef ANTENNA_MIMALLOC
#include <mimalloc.h>
#endif
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stop.h"
#include "command/command.h"
#include "config/help.h"
#include "config/password.h"

typedef int (*command_function)(const struct config *config, struct error *error);

static const command_function command_functions[COMMAND_IDS] = {
    [COMMAND_PROVISION] = command_provision, [COMMAND_SIMULATE] = command_simulate, [COMMAND_SPEED] = command_speed,
    [COMMAND_BATCH] = command_batch,         [COMMAND_VERIFY] = command_verify,     [COMMAND_REBUILD] = command_rebuild,
    [COMMAND_PRUNE] = command_prune,         [COMMAND_FORGET] = command_forget,     [COMMAND_NOTIFY] = command_notify,
    [COMMAND_STATUS] = command_status,       [COMMAND_DOCTOR] = command_doctor,     [COMMAND_CONFIG] = command_config,
};

static void print_version(void)
{
    int libpq = PQlibVersion();

    printf("antenna %s\nlibrdkafka %s\nlibpq %d.%d\nDuckDB %s\n", ANTENNA_VERSION, rd_kafka_version_str(),
           libpq / 10000, libpq % 10000, duckdb_library_version());
}

/* `antenna config COMMAND …` reads COMMAND's configuration, in which arguments may be missing. */
static int load(enum command_id command, int argc, char **argv, struct config **ret_config, struct error *error)
{
    enum command_id shown;

    if (command == COMMAND_CONFIG && argc > 0 && command_find(argv[0], &shown))
        return config_read(shown, argc - 1, argv + 1, ret_config, error);
    return config_load(command, argc, argv, ret_config, error);
}

static void warn_of_exposed_passwords(const struct config *config)
{
    static const enum option_id files[] = {OPTION_PASSWORD_FILE,        OPTION_SPEED_PASSWORD_FILE,
                                           OPTION_BATCH_PASSWORD_FILE,  OPTION_READER_PASSWORD_FILE,
                                           OPTION_NOTIFY_PASSWORD_FILE, OPTION_SMTP_PASSWORD_FILE,
                                           OPTION_WEBHOOK_KEY_FILE};

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        if (config_has(config, files[i]) && password_is_exposed(config_text(config, files[i])))
            log_line(LEVEL_WARNING, "every user of this machine may read the password file \"%s\": chmod 600 it",
                     config_text(config, files[i]));
}

static int run_command(enum command_id command, int argc, char **argv, struct error *error)
{
    cleanup(config_cleanup) struct config *config = NULL;

    if (load(command, argc, argv, &config, error))
        return -1;
    if (config_flag(config, OPTION_HELP)) {
        help_command(stdout, command);
        return 0;
    }
    if (config_flag(config, OPTION_VERSION)) {
        print_version();
        return 0;
    }
    if (config_has(config, OPTION_LOG_LEVEL))
        log_setup((enum log_level)config_number(config, OPTION_LOG_LEVEL),
                  (enum log_format)config_number(config, OPTION_LOG_FORMAT), command_table[command].name);
    warn_of_exposed_passwords(config);
    stop_install();
    return command_functions[command](config, error);
}

/*
 * A file or connection must not get the number of a standard stream that is closed, as output would be written into it.
 * Reading and writing a path alone fails, as it does on a closed stream.
 */
static void reserve_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0 && open("/", O_PATH) != stream)
            _exit(EXIT_UNAVAILABLE);
}

/* What was printed but could not be written is a failure too. The reason of an earlier write is lost. */
static int finish_output(struct error *error)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    error_set(error, ANT_OUTPUT_FAILED, "could not write to standard output%s%s", errno ? ": " : "",
              errno ? strerror(errno) : "");
    return error_hint(error, "check the file, pipe or terminal to which it goes");
}

static int refuse_command(const char *name, struct error *error)
{
    enum command_id nearest;

    error_set(error, ANT_COMMAND_UNKNOWN, "unknown command \"%s\"", name);
    if (command_nearest(name, &nearest))
        return error_hint(error, "did you mean \"%s\"? See antenna --help", command_table[nearest].name);
    return error_hint(error, "see antenna --help");
}

/* `antenna help COMMAND` */
static int help_of(const char *name, struct error *error)
{
    enum command_id command;

    if (!command_find(name, &command))
        return refuse_command(name, error);
    help_command(stdout, command);
    return EXIT_DONE;
}

static int dispatch(int argc, char **argv, struct error *error)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    enum command_id command;

    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        print_version();
        return 0;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        if (argc > 2 && *argv[2] != '-' && strcmp(argv[2], "help") != 0)
            return help_of(argv[2], error);
        help_program(argc > 1 ? stdout : stderr);
        return argc > 1 ? EXIT_DONE : EXIT_USAGE;
    }
    if (command_find(name, &command)) {
        log_setup(LEVEL_INFO, LOG_TEXT, command_table[command].name);
        return run_command(command, argc - 2, argv + 2, error);
    }
    return refuse_command(name, error);
}

/* What is freed after each roll is needed again for the next: given back meanwhile, it would come back page by page. */
static void configure_allocator(void)
{
#ifdef ANTENNA_MIMALLOC
#if MI_MALLOC_VERSION >= 210
    mi_option_set(mi_option_purge_delay, -1);
#else
    mi_option_disable(mi_option_allow_decommit);
#endif
#endif
}

int main(int argc, char **argv)
{
    struct error error;
    int status;

    /* Memory and environment hold passwords: no core file, and no process of the same user may look into them. */
    prctl(PR_SET_DUMPABLE, 0);
    reserve_streams();
    configure_allocator();
    status = dispatch(argc, argv, &error);
    if (status >= 0 && finish_output(&error))
        status = -1;
    if (status >= 0)
        stop_exit(status);
    log_failure(&error);
    stop_exit(error_exit_code(error_kind(&error)));
}
