#include "config/option.h"

const struct command command_table[COMMAND_IDS] = {
    [COMMAND_PROVISION] =
        {
            .name = "provision",
            .summary = "create the tables and load the users",
            .description =
                "Creates the tables bytes, bytes_hourly, user_metadata and user_quota_limit with their keys and the\n"
                "schema antenna with the program's own bookkeeping, and loads users from a CSV file. Running it again\n"
                "changes nothing; a changed CSV file updates its users. Each of --speed-password-file,\n"
                "--batch-password-file, --reader-password-file and --notify-password-file makes a role that jobs or\n"
                "dashboards log in as.",
            .positionals = {{OPTION_JDBC_URI, true}, {OPTION_JDBC_USER, true}, {OPTION_JDBC_PASSWORD, false}},
            .positional_count = 3,
            .examples = "  antenna provision jdbc:postgresql://localhost:5432/postgres postgres - --users users.csv\n"
                        "  antenna provision jdbc:postgresql://localhost:5432/postgres postgres - \\\n"
                        "      --speed-password-file speed.password --batch-password-file batch.password\n",
        },
    [COMMAND_SIMULATE] =
        {
            .name = "simulate",
            .summary = "send events of invented antennas to Kafka",
            .description =
                "Simulates the antennas: sends JSON events to the topic, which it creates if it is missing, with\n"
                "an idempotent producer. The same seed makes the same messages, and --ledger writes what any engine\n"
                "must make of them.",
            .positionals = {{OPTION_KAFKA_SERVER, true}, {OPTION_TOPIC, true}},
            .positional_count = 2,
            .examples = "  antenna simulate localhost:9092 devices --rate 1000 --duration 10m\n"
                        "  antenna simulate localhost:9092 devices --count 1000000 --rate max \\\n"
                        "      --from 2022-02-20T10:00:00Z --to 2022-02-20T12:00:00Z --ledger ledger.csv\n",
        },
    [COMMAND_SPEED] =
        {
            .name = "speed",
            .summary = "stream the topic into window totals and the Parquet archive",
            .description =
                "Reads the topic, keeps the window totals of bytes per antenna, user and app in PostgreSQL, and\n"
                "archives every event as Parquet by year, month, day and hour: each message exactly once, late ones\n"
                "included, across crashes and restarts. Runs until SIGTERM, SIGINT or SIGHUP unless told otherwise.",
            .positionals = {{OPTION_KAFKA_SERVER, true},
                            {OPTION_TOPIC, true},
                            {OPTION_JDBC_URI, true},
                            {OPTION_JDBC_TABLE, true},
                            {OPTION_JDBC_USER, true},
                            {OPTION_JDBC_PASSWORD, true},
                            {OPTION_STORAGE_ROOT, true}},
            .positional_count = 7,
            .examples = "  antenna speed localhost:9092 devices jdbc:postgresql://localhost:5432/postgres \\\n"
                        "      bytes postgres - /var/lib/antenna\n"
                        "  antenna speed --config /etc/antenna/antenna.ini --workers 4 --until-end\n",
        },
    [COMMAND_BATCH] =
        {
            .name = "batch",
            .summary = "compute hourly totals and users over quota from the archive",
            .description =
                "Reads the Parquet files of an hour and replaces that hour's totals per antenna, user and app and its\n"
                "users over quota in PostgreSQL, in one transaction. Running it again changes nothing. --to makes it\n"
                "a range of hours; --pending takes every hour that is complete and has no run, or was changed by late\n"
                "events after its run; --follow keeps doing that as a service.",
            .positionals = {{OPTION_STORAGE_PATH, true},
                            {OPTION_HOUR, true},
                            {OPTION_JDBC_URI, true},
                            {OPTION_USER_METADATA_TABLE, true},
                            {OPTION_BYTES_HOURLY_TABLE, true},
                            {OPTION_USER_QUOTA_LIMIT_TABLE, true},
                            {OPTION_JDBC_USER, true},
                            {OPTION_JDBC_PASSWORD, true}},
            .positional_count = 8,
            .examples = "  antenna batch /var/lib/antenna/data 2022-02-20T10:00:00Z \\\n"
                        "      jdbc:postgresql://localhost:5432/postgres \\\n"
                        "      user_metadata bytes_hourly user_quota_limit postgres -\n"
                        "  antenna batch /var/lib/antenna/data 2022-02-20T00:00:00Z \\\n"
                        "      jdbc:postgresql://localhost:5432/postgres \\\n"
                        "      user_metadata bytes_hourly user_quota_limit postgres - --to 2022-02-20T23:00:00Z\n"
                        "  antenna batch /var/lib/antenna/data - jdbc:postgresql://localhost:5432/postgres \\\n"
                        "      user_metadata bytes_hourly user_quota_limit postgres - --follow --compact \\\n"
                        "      --totals-older-than 30d --archive-older-than 365d\n",
        },
    [COMMAND_VERIFY] =
        {
            .name = "verify",
            .summary = "check that both layers, the archive and its list agree",
            .description =
                "Compares, for each hour, the bytes and rows of the archive's list, of the Parquet files, of the\n"
                "window totals and of the hourly totals, and shows each difference with its cause. Exit code 4 when\n"
                "an hour that is sealed has one. Reads the files' footers; --deep reads their rows too.",
            .positionals = {{OPTION_JDBC_URI, true}, {OPTION_JDBC_USER, true}, {OPTION_JDBC_PASSWORD, false}},
            .positional_count = 3,
            .examples =
                "  antenna verify jdbc:postgresql://localhost:5432/postgres postgres - \\\n"
                "      --storage-path /var/lib/antenna/data --from 2022-02-20T00:00:00Z --to 2022-02-20T23:00:00Z\n",
        },
    [COMMAND_NOTIFY] =
        {
            .name = "notify",
            .summary = "notify users of their hourly quota",
            .description =
                "Notifies users who use more than a share of their hourly quota, by e-mail or by a signed webhook. A\n"
                "user gets one notice for an hour and threshold, as soon as the window totals show it, and another "
                "only\n"
                "if the batch layer's totals differ. The notices are rows of antenna.notice: a crash loses none and\n"
                "writes none twice. With --operator, the operator gets notices of antennas without events, too.\n"
                "Nothing is sent without --smtp-url or --webhook-url; --follow keeps running as a service.",
            .positionals = {{OPTION_JDBC_URI, true}, {OPTION_JDBC_USER, true}, {OPTION_JDBC_PASSWORD, false}},
            .positional_count = 3,
            .examples = "  antenna notify jdbc:postgresql://localhost:5432/postgres postgres - --dry-run\n"
                        "  antenna notify jdbc:postgresql://localhost:5432/postgres postgres - --follow \\\n"
                        "      --smtp-url smtp://mail.example.org:587 --sender quota@example.org \\\n"
                        "      --smtp-user quota --smtp-password-file smtp.password\n",
        },
    [COMMAND_REBUILD] =
        {
            .name = "rebuild",
            .summary = "compute window totals again from the archive",
            .description =
                "Sums up the Parquet files of sealed hours by window, and replaces the window totals that differ, "
                "each\n"
                "hour in one transaction: rows that were edited, lost, or never counted. --dry-run shows the\n"
                "differences. An hour whose archive is not whole, or of which totals wait for the archive, stays as "
                "it\n"
                "is, with the reason. The speed layer may run meanwhile.",
            .positionals = {{OPTION_JDBC_URI, true}, {OPTION_JDBC_USER, true}, {OPTION_JDBC_PASSWORD, false}},
            .positional_count = 3,
            .examples =
                "  antenna rebuild jdbc:postgresql://localhost:5432/postgres postgres - \\\n"
                "      --storage-path /var/lib/antenna/data --from 2022-02-20T00:00:00Z --to 2022-02-20T23:00:00Z \\\n"
                "      --dry-run\n",
        },
    [COMMAND_PRUNE] =
        {
            .name = "prune",
            .summary = "remove data that is older than the given times",
            .description =
                "Removes window totals, Parquet files, hourly totals, rejected messages and notices that are older\n"
                "than the given times, hour by hour, each in one transaction. Only hours that are complete and in the "
                "hourly\n"
                "totals lose anything, and antenna verify still ends with 0. Late events of such an hour are added to\n"
                "its hourly totals. --dry-run shows what would be removed.",
            .positionals = {{OPTION_JDBC_URI, true}, {OPTION_JDBC_USER, true}, {OPTION_JDBC_PASSWORD, false}},
            .positional_count = 3,
            .examples =
                "  antenna prune jdbc:postgresql://localhost:5432/postgres postgres - \\\n"
                "      --storage-path /var/lib/antenna/data --totals-older-than 30d --archive-older-than 365d \\\n"
                "      --dry-run\n",
        },
    [COMMAND_FORGET] =
        {
            .name = "forget",
            .summary = "erase a user, and keep all sums",
            .description =
                "Replaces the user's id by a random pseudonym in the Parquet files and the totals, hour by hour, each\n"
                "in one transaction. In all other tables it removes or replaces the user's name, e-mail address and\n"
                "id. Sums stay, and antenna verify still ends with 0. Exit code 0 means that nothing is left; 6 that\n"
                "it must be run again, because events were on their way. Events that come later for the same id\n"
                "count under it. --dry-run shows what would be changed.",
            .positionals = {{OPTION_JDBC_URI, true},
                            {OPTION_JDBC_USER, true},
                            {OPTION_JDBC_PASSWORD, true},
                            {OPTION_FORGOTTEN_USER, true}},
            .positional_count = 4,
            .examples = "  antenna forget jdbc:postgresql://localhost:5432/postgres postgres - \\\n"
                        "      00000000-0000-0000-0000-000000000001 --storage-path /var/lib/antenna/data --dry-run\n",
        },
    [COMMAND_STATUS] =
        {
            .name = "status",
            .summary = "show progress, lag and pending hours",
            .description =
                "Shows, for each partition, what is totalled and archived, its lag, its rate, its owner and the time\n"
                "of the owner's last commit. Also shows which hours are open, new, dirty and clean, the sizes of\n"
                "archive and database, and how many messages were rejected, by reason. It takes a second, in which\n"
                "it measures the rates. --watch goes on showing it.",
            .positionals = {{OPTION_JDBC_URI, true}, {OPTION_JDBC_USER, true}, {OPTION_JDBC_PASSWORD, false}},
            .positional_count = 3,
            .examples = "  antenna status jdbc:postgresql://localhost:5432/postgres postgres -\n"
                        "  antenna status jdbc:postgresql://localhost:5432/postgres postgres - --watch --interval 5s\n",
        },
    [COMMAND_DOCTOR] =
        {
            .name = "doctor",
            .summary = "diagnose problems and suggest fixes",
            .description =
                "Examines the database, with --kafka-server also Kafka and the topic, with --storage-root the disk of\n"
                "the archive, and this machine: a line for each check, and one with the fix for each problem.\n"
                "Call it as the user, with the arguments and on the machine of the job. It changes nothing. Exit code\n"
                "0 when there are warnings at most, 3 when something would stop a job, 5 when all that would stop it\n"
                "is a server that is unavailable now.",
            .positionals = {{OPTION_JDBC_URI, true}, {OPTION_JDBC_USER, true}, {OPTION_JDBC_PASSWORD, false}},
            .positional_count = 3,
            .examples = "  antenna doctor jdbc:postgresql://localhost:5432/postgres postgres - \\\n"
                        "      --kafka-server localhost:9092 --topic devices --storage-root /var/lib/antenna\n",
        },
    [COMMAND_CONFIG] =
        {
            .name = "config",
            .summary = "show the effective configuration of a command",
            .description =
                "Prints every value with which the command would run, each below the place that it came from: "
                "argument,\n"
                "environment variable, line of the configuration file, or default. What is secret is not shown. The\n"
                "output is a configuration file itself.",
            .positionals = {{OPTION_COMMAND, true}},
            .positional_count = 1,
            .examples = "  antenna config speed --config /etc/antenna/antenna.ini\n"
                        "  antenna config simulate localhost:9092 devices --rate 1000 >simulate.ini\n",
        },
};
