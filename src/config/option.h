/*
 * The option table: the single truth for command-line options, positional arguments, environment variables, keys of
 * the configuration file, --help, docs/reference.md, the manual pages and the shells' completions. To add an option: a
 * name in `enum option_id`, a row in option.c, and the commands that take it.
 */
#ifndef ANTENNA_CONFIG_OPTION_H
#define ANTENNA_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_id {
    OPTION_KAFKA_SERVER,
    OPTION_TOPIC,
    OPTION_JDBC_URI,
    OPTION_JDBC_TABLE,
    OPTION_JDBC_USER,
    OPTION_JDBC_PASSWORD,
    OPTION_PASSWORD_FILE,
    OPTION_FORGOTTEN_USER,
    OPTION_STORAGE_ROOT,
    OPTION_STORAGE_PATH,
    OPTION_HOUR,
    OPTION_PENDING,
    OPTION_FOLLOW,
    OPTION_WATCH,
    OPTION_INTERVAL,
    OPTION_MAX_LAG,
    OPTION_THRESHOLDS,
    OPTION_SMTP_URL,
    OPTION_SENDER,
    OPTION_OPERATOR,
    OPTION_SMTP_USER,
    OPTION_SMTP_PASSWORD_FILE,
    OPTION_WEBHOOK_URL,
    OPTION_WEBHOOK_KEY_FILE,
    OPTION_TLS_CA,
    OPTION_PLAIN_TEXT,
    OPTION_TEMPLATES,
    OPTION_NOTICES_PER_SECOND,
    OPTION_ATTEMPTS,
    OPTION_RETRY_PAUSE,
    OPTION_SEND_TIMEOUT,
    OPTION_REQUIRE_SEALED,
    OPTION_ALL_FILES,
    OPTION_OLD_STORAGE_PATH,
    OPTION_BY_TIMESTAMP,
    OPTION_ALLOW_LESS,
    OPTION_DEEP,
    OPTION_TOTALS_OLDER_THAN,
    OPTION_ARCHIVE_OLDER_THAN,
    OPTION_HOURLY_OLDER_THAN,
    OPTION_REJECTED_OLDER_THAN,
    OPTION_NOTICES_OLDER_THAN,
    OPTION_DRY_RUN,
    OPTION_JSON,
    OPTION_USER_METADATA_TABLE,
    OPTION_BYTES_HOURLY_TABLE,
    OPTION_USER_QUOTA_LIMIT_TABLE,
    OPTION_QUOTA_AS_OF,
    OPTION_COMPACT,
    OPTION_USERS,
    OPTION_WINDOW,
    OPTION_SILENT_AFTER,
    OPTION_ACTIVE_WITHIN,
    OPTION_ADOPT_NOTICES,
    OPTION_METRICS,
    OPTION_ADOPT,
    OPTION_MERGE,
    OPTION_INVALID_ROWS,
    OPTION_TIME_ZONE,
    OPTION_SPEED_PASSWORD_FILE,
    OPTION_BATCH_PASSWORD_FILE,
    OPTION_READER_PASSWORD_FILE,
    OPTION_NOTIFY_PASSWORD_FILE,
    OPTION_RATE,
    OPTION_MESSAGES,
    OPTION_DURATION,
    OPTION_ANTENNAS,
    OPTION_APPS,
    OPTION_SEED,
    OPTION_FROM,
    OPTION_TO,
    OPTION_LATE,
    OPTION_MALFORMED,
    OPTION_FUTURE,
    OPTION_DUPLICATE,
    OPTION_LEDGER,
    OPTION_PARTITIONS,
    OPTION_JOB,
    OPTION_WORKERS,
    OPTION_INSTANCE_ID,
    OPTION_LEAVE_AFTER,
    OPTION_START,
    OPTION_UNTIL_END,
    OPTION_COMMIT_INTERVAL,
    OPTION_CATCH_UP_INTERVAL,
    OPTION_NO_ARCHIVE,
    OPTION_COMPRESSION,
    OPTION_PROFILE,
    OPTION_ROLL_ROWS,
    OPTION_ROLL_BYTES,
    OPTION_ROLL_AGE,
    OPTION_MEMORY_LIMIT,
    OPTION_MAX_FUTURE,
    OPTION_MAX_BYTES,
    OPTION_ACCEPT,
    OPTION_ACCEPT_LOSS,
    OPTION_ADOPT_ARCHIVE,
    OPTION_LISTEN,
    OPTION_KAFKA_PROPERTY,
    OPTION_CONFIG,
    OPTION_LOG_LEVEL,
    OPTION_LOG_FORMAT,
    OPTION_COMMAND,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_IDS, /* how many there are */
};

/** How a value is written and what it becomes. */
enum option_type {
    TYPE_TEXT,       /* any text that is not empty */
    TYPE_PATH,       /* a file or folder of this machine; kept as value.h resolves it */
    TYPE_FLAG,       /* present or not; `true` or `false` in environment and file */
    TYPE_COUNT,      /* whole number */
    TYPE_SIZE,       /* whole number of bytes, with k, M, G (1000) or Ki, Mi, Gi (1024) and B behind it */
    TYPE_INTERVAL,   /* 200ms, 5s, 1m, 2h; a plain number is seconds; kept in milliseconds */
    TYPE_SHARE,      /* 0 to 1 */
    TYPE_TIME,       /* ISO-8601 with an offset; kept in seconds since the Unix epoch, UTC */
    TYPE_CHOICE,     /* one of the words of `value`, which are separated by |; kept as its number, from 0 */
    TYPE_LIST,       /* may be given several times, and each time several, separated by commas */
    TYPE_WORDS,      /* such a list of words as TYPE_CHOICE has them */
    TYPE_PROPERTIES, /* NAME=VALUE, may be given several times; each name by itself has the usual precedence */
};

enum command_id {
    COMMAND_PROVISION,
    COMMAND_SIMULATE,
    COMMAND_SPEED,
    COMMAND_BATCH,
    COMMAND_VERIFY,
    COMMAND_REBUILD,
    COMMAND_PRUNE,
    COMMAND_FORGET,
    COMMAND_NOTIFY,
    COMMAND_STATUS,
    COMMAND_DOCTOR,
    COMMAND_CONFIG,
    COMMAND_IDS
};

#define OPTION_POSITIONALS_MAX 8

/** Bytes for the name of an option, as the help or the environment writes it, and of a command. */
#define OPTION_NAME_SIZE 64

struct option {
    const char *name; /* on the command line behind --, in the file, and upper-case behind ANTENNA_ */
    char short_form;  /* short form, or 0 */
    enum option_type type;
    const char *value;         /* how help names the value, FILE… and FOLDER for paths; NULL for flags */
    const char *default_value; /* default as text, or NULL: none */
    int64_t minimum, maximum;  /* of TYPE_COUNT, TYPE_SIZE (bytes), TYPE_INTERVAL (milliseconds) */
    unsigned commands;         /* bit 1 << command_id for each command that takes it */
    bool secret;               /* never printed; wiped from the process list */
    const char *help;
};

/** An argument of a command by its place. */
struct positional {
    enum option_id option;
    bool required; /* it must have a value, by whichever source */
};

struct command {
    const char *name;
    const char *summary; /* one line */
    const char *description;
    struct positional positionals[OPTION_POSITIONALS_MAX]; /* those that are required first */
    size_t positional_count;
    const char *examples;
};

/** Indexed by option_id. */
extern const struct option option_table[OPTION_IDS];

/** Indexed by command_id. */
extern const struct command command_table[COMMAND_IDS];

/** The option's default for a command, or NULL: without job and topic, status shows all. */
const char *option_default(const struct option *option, enum command_id command);

/** Whether the command takes the option, by position or by name. */
bool option_taken(const struct option *option, enum command_id command);

/** Whether the option is one of the command's positional arguments. */
bool option_is_positional(const struct option *option, enum command_id command);

/** Whether it is read from the environment: all but those that ask for help are. */
bool option_in_environment(const struct option *option);

/** Whether it is read from the configuration file: what is read from the environment is, except the file's own name.
 */
bool option_in_file(const struct option *option);

/** Finds a command by its name. */
bool command_find(const char *name, enum command_id *ret_command);

/** Finds the command whose name is nearest to a misspelt one; false when none is near. */
bool command_nearest(const char *name, enum command_id *ret_command);

/** The option of that name which the command takes, or NULL. `name` is `size` bytes. */
const struct option *option_find(enum command_id command, const char *name, size_t size);

/** The command's option whose name is nearest to a misspelt one, or NULL when none is near. */
const struct option *option_nearest(enum command_id command, const char *name, size_t size);

/**
 * Whether a name of `size` bytes is nearer to the known one, of at most OPTION_NAME_SIZE bytes, than `*fewest` edits,
 * which then become those between the two.
 */
bool option_is_nearer(const char *name, size_t size, const char *known, size_t *fewest);

/** Writes the environment variable's name, "ANTENNA_ROLL_ROWS", into `text` of `size` bytes. */
void option_environment_name(const struct option *option, char *text, size_t size);

#endif
