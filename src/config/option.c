#include "config/option.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "record/total_kind.h"

#define PROVISION (1u << COMMAND_PROVISION)
#define SIMULATE (1u << COMMAND_SIMULATE)
#define SPEED (1u << COMMAND_SPEED)
#define BATCH (1u << COMMAND_BATCH)
#define VERIFY (1u << COMMAND_VERIFY)
#define REBUILD (1u << COMMAND_REBUILD)
#define PRUNE (1u << COMMAND_PRUNE)
#define FORGET (1u << COMMAND_FORGET)
#define NOTIFY (1u << COMMAND_NOTIFY)
#define STATUS (1u << COMMAND_STATUS)
#define DOCTOR (1u << COMMAND_DOCTOR)
#define DATABASE (PROVISION | SPEED | BATCH | VERIFY | REBUILD | PRUNE | FORGET | NOTIFY | STATUS | DOCTOR)
#define KAFKA (SIMULATE | SPEED | DOCTOR)
#define CONFIG (1u << COMMAND_CONFIG)
#define EVERY (DATABASE | SIMULATE)

#define MINUTE_MS (60 * 1000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define YEAR_MS (366LL * DAY_MS)
#define CENTURY_MS (100LL * YEAR_MS)

/* A misspelling this far away is no longer taken for the option. */
#define NEAREST_MAX_EDITS 3

/* The labels of the totals that not every installation has, separated by |. */
#define WORD_true(label) ""
#define WORD_false(label) "|" label
#define KIND_WORD(NAME, label, unit, standard, turn, key, ...) WORD_##standard(label)
#define METRIC_WORDS (&(TOTAL_KINDS_TABLE(KIND_WORD) "")[1])

// One option a block reads better than what the formatter makes of designated initialisers.
// clang-format off
const struct option option_table[OPTION_IDS] = {
    [OPTION_KAFKA_SERVER] = {"kafka-server", 0, TYPE_TEXT, "HOST:PORT", NULL, 0, 0, KAFKA, false,
        "Kafka bootstrap servers, separated by commas"},
    [OPTION_TOPIC] = {"topic", 0, TYPE_TEXT, "NAME", "devices", 0, 0, KAFKA | STATUS, false,
        "Kafka topic that carries the antennas' events; status: show this topic only, and without it all"},
    [OPTION_JDBC_URI] = {"jdbc-uri", 0, TYPE_TEXT, "URI", NULL, 0, 0, DATABASE, true,
        "PostgreSQL database: jdbc:postgresql://host:port/database?…, a libpq URI or a conninfo string"},
    [OPTION_JDBC_TABLE] = {"jdbc-table", 0, TYPE_TEXT, "TABLE", "bytes", 0, 0,
        PROVISION | SPEED | VERIFY | REBUILD | FORGET | DOCTOR, false, "table of the window totals"},
    [OPTION_JDBC_USER] = {"jdbc-user", 0, TYPE_TEXT, "USER", NULL, 0, 0, DATABASE, false,
        "PostgreSQL role to log in as"},
    [OPTION_JDBC_PASSWORD] = {"jdbc-password", 0, TYPE_TEXT, "PASSWORD", "-", 0, 0, DATABASE, true,
        "its password; - takes it from --password-file, PGPASSWORD or ~/.pgpass"},
    [OPTION_PASSWORD_FILE] = {"password-file", 0, TYPE_PATH, "FILE", NULL, 0, 0, DATABASE, false,
        "file whose first line is the password, used when jdbc-password is -"},
    [OPTION_FORGOTTEN_USER] = {"user", 0, TYPE_TEXT, "USER", NULL, 0, 0, FORGET, false,
        "id of the user to be erased, letter by letter as the events have it; write -- before the arguments when it begins "
        "with -"},
    [OPTION_STORAGE_ROOT] = {"storage-root", 0, TYPE_PATH, "FOLDER", NULL, 0, 0, SPEED | DOCTOR, false,
        "folder of the archive; Parquet files appear under FOLDER/data/year=Y/month=M/day=D/hour=H"},
    [OPTION_STORAGE_PATH] = {"storage-path", 0, TYPE_PATH, "FOLDER", NULL, 0, 0,
        BATCH | VERIFY | REBUILD | PRUNE | FORGET | DOCTOR, false,
        "folder that holds year=…: the speed layer's storage-root with /data behind it; batch: - with --old-storage-path for "
        "none"},
    [OPTION_HOUR] = {"hour", 0, TYPE_TEXT, "OFFSET-DATE-TIME", "-", 0, 0, BATCH, false,
        "a time within the hour to compute, ISO-8601 with an offset: 2022-02-20T10:00:00Z; with --pending the first "
        "hour that is looked at, - for all"},
    [OPTION_PENDING] = {"pending", 0, TYPE_FLAG, NULL, NULL, 0, 0, BATCH, false,
        "process all hours that are sealed, and new or changed since their last run"},
    [OPTION_FOLLOW] = {"follow", 0, TYPE_FLAG, NULL, NULL, 0, 0, BATCH | NOTIFY, false,
        "run again and again until SIGTERM or SIGINT; batch: as --pending"},
    [OPTION_WATCH] = {"watch", 0, TYPE_FLAG, NULL, NULL, 0, 0, STATUS, false,
        "show it on the whole screen, again and again until q, Ctrl-C or SIGTERM"},
    [OPTION_INTERVAL] = {"interval", 0, TYPE_INTERVAL, "TIME", NULL, 100, DAY_MS, BATCH | NOTIFY | STATUS, false,
        "pause before it looks again (default: 10s with --follow, 2s with --watch)"},
    [OPTION_MAX_LAG] = {"max-lag", 0, TYPE_INTERVAL, "TIME", NULL, 1000, YEAR_MS, STATUS, false,
        "exit with code 4 if a partition is further behind than this, or has no commit that shows it"},
    [OPTION_THRESHOLDS] = {"thresholds", 0, TYPE_LIST, "PERCENT", NULL, 0, 0, NOTIFY, false,
        "percentages of the hourly quota of which users are notified once they have used more, separated by commas; they are "
        "stored in the database, where batch reads them (default: the stored ones, and 80,100 for a new database)"},
    [OPTION_SMTP_URL] = {"smtp-url", 0, TYPE_TEXT, "URL", NULL, 0, 0, NOTIFY | DOCTOR, true,
        "mail server that notices are sent by: smtp://HOST[:PORT] with STARTTLS, or smtps://HOST[:PORT]"},
    [OPTION_SENDER] = {"sender", 0, TYPE_TEXT, "ADDRESS", NULL, 0, 0, NOTIFY | DOCTOR, false,
        "e-mail address that notices come from, and failures of delivery go to"},
    [OPTION_OPERATOR] = {"operator", 0, TYPE_TEXT, "ADDRESS", NULL, 0, 0, NOTIFY, false,
        "e-mail address that is notified of each antenna that is silent, and when it is back (default: nobody is)"},
    [OPTION_SMTP_USER] = {"smtp-user", 0, TYPE_TEXT, "USER", NULL, 0, 0, NOTIFY | DOCTOR, false,
        "user to log in to the mail server as (default: no login)"},
    [OPTION_SMTP_PASSWORD_FILE] = {"smtp-password-file", 0, TYPE_PATH, "FILE", NULL, 0, 0, NOTIFY | DOCTOR, false,
        "file whose first line is the password of --smtp-user"},
    [OPTION_WEBHOOK_URL] = {"webhook-url", 0, TYPE_TEXT, "URL", NULL, 0, 0, NOTIFY | DOCTOR, true,
        "https://… to which notices are posted as JSON, instead of by mail"},
    [OPTION_WEBHOOK_KEY_FILE] = {"webhook-key-file", 0, TYPE_PATH, "FILE", NULL, 0, 0, NOTIFY | DOCTOR, false,
        "file whose first line is the key that posted notices are signed with"},
    [OPTION_TLS_CA] = {"tls-ca", 0, TYPE_PATH, "FILE", NULL, 0, 0, NOTIFY | DOCTOR, false,
        "certificates of the authorities that may have signed the server's, as PEM (default: those of the system)"},
    [OPTION_PLAIN_TEXT] = {"plain-text", 0, TYPE_FLAG, NULL, NULL, 0, 0, NOTIFY | DOCTOR, false,
        "use no TLS with smtp://, and allow http:// as --webhook-url: for a relay on this machine"},
    [OPTION_TEMPLATES] = {"templates", 0, TYPE_PATH, "FOLDER", NULL, 0, 0, NOTIFY, false,
        "folder with texts of your own: passed-subject.txt, passed-text.txt, corrected-subject.txt, corrected-text.txt, "
        "silent-subject.txt, silent-text.txt, back-subject.txt, back-text.txt, the last four with many- before them, notice.json and "
        "silence.json; one that is missing has its default"},
    [OPTION_NOTICES_PER_SECOND] = {"notices-per-second", 0, TYPE_COUNT, "N", "10", 1, 1000, NOTIFY, false,
        "most notices that are sent in a second"},
    [OPTION_ATTEMPTS] = {"attempts", 0, TYPE_COUNT, "N", "12", 1, 1000, NOTIFY, false,
        "give a notice up after so many attempts"},
    [OPTION_RETRY_PAUSE] = {"retry-pause", 0, TYPE_INTERVAL, "TIME", "10s", 10, 60 * MINUTE_MS, NOTIFY, false,
        "pause before the second attempt; it doubles with each further one, up to an hour"},
    [OPTION_SEND_TIMEOUT] = {"send-timeout", 0, TYPE_INTERVAL, "TIME", "30s", 100, 5 * MINUTE_MS, NOTIFY | DOCTOR, false,
        "longest time that the server of --smtp-url or --webhook-url may take for a notice"},
    [OPTION_REQUIRE_SEALED] = {"require-sealed", 0, TYPE_FLAG, NULL, NULL, 0, 0, BATCH, false,
        "refuse hours that expect more events, instead of calling them provisional"},
    [OPTION_ALL_FILES] = {"all-files", 0, TYPE_FLAG, NULL, NULL, 0, 0, BATCH | REBUILD, false,
        "also read files in the hour's folder that the speed layer did not write, such as those of the Spark job"},
    [OPTION_OLD_STORAGE_PATH] = {"old-storage-path", 0, TYPE_PATH, "FOLDER", NULL, 0, 0, BATCH | REBUILD, false,
        "also read every Parquet file of the hour in this archive of another job; batch: with - as storage-path, read it "
        "alone"},
    [OPTION_BY_TIMESTAMP] = {"by-timestamp", 0, TYPE_FLAG, NULL, NULL, 0, 0, BATCH | REBUILD, false,
        "count each row of a file that is not listed in the hour of its timestamp, whatever folder it is in: reads the "
        "folders of a day around the hour"},
    [OPTION_ALLOW_LESS] = {"allow-less", 0, TYPE_FLAG, NULL, NULL, 0, 0, BATCH | REBUILD, false,
        "replace an hour's totals also when one of them becomes smaller or goes away, or when another job made them; rebuild: "
        "when more bytes were counted than the archive has"},
    [OPTION_DEEP] = {"deep", 0, TYPE_FLAG, NULL, NULL, 0, 0, VERIFY, false,
        "read all rows of the files, not only their footers, compare every total, and report rows that repeat others"},
    [OPTION_TOTALS_OLDER_THAN] = {"totals-older-than", 0, TYPE_INTERVAL, "TIME", NULL, 60 * MINUTE_MS, CENTURY_MS,
        BATCH | PRUNE, false,
        "remove the window totals of hours that ended longer ago, such as 30d, and are in the hourly totals; batch: with "
        "--follow"},
    [OPTION_ARCHIVE_OLDER_THAN] = {"archive-older-than", 0, TYPE_INTERVAL, "TIME", NULL, 60 * MINUTE_MS, CENTURY_MS,
        BATCH | PRUNE, false, "remove the Parquet files of such hours"},
    [OPTION_HOURLY_OLDER_THAN] = {"hourly-older-than", 0, TYPE_INTERVAL, "TIME", NULL, 60 * MINUTE_MS, CENTURY_MS,
        BATCH | PRUNE, false, "remove the hourly totals of such hours, and their users over quota"},
    [OPTION_REJECTED_OLDER_THAN] = {"rejected-older-than", 0, TYPE_INTERVAL, "TIME", NULL, 60 * MINUTE_MS, CENTURY_MS,
        BATCH | PRUNE, false, "remove rejected messages that were read longer ago; their counts stay"},
    [OPTION_NOTICES_OLDER_THAN] = {"notices-older-than", 0, TYPE_INTERVAL, "TIME", NULL, 60 * MINUTE_MS, CENTURY_MS,
        BATCH | PRUNE, false, "remove notices of hours that ended longer ago, unless one of the user and threshold waits; nobody is "
        "notified of an hour whose notices were removed"},
    [OPTION_DRY_RUN] = {"dry-run", 0, TYPE_FLAG, NULL, NULL, 0, 0, REBUILD | PRUNE | FORGET | NOTIFY, false,
        "show what would change, be removed or be sent, and change and send nothing"},
    [OPTION_JSON] = {"json", 0, TYPE_FLAG, NULL, NULL, 0, 0, BATCH | VERIFY | REBUILD | PRUNE | FORGET | STATUS | DOCTOR, false,
        "print JSON for scripts instead of a table: batch, rebuild, prune and forget an object a line for each hour, the others one object"},
    [OPTION_USER_METADATA_TABLE] = {"user-metadata-table", 0, TYPE_TEXT, "TABLE", "user_metadata", 0, 0,
        PROVISION | BATCH | FORGET | NOTIFY | DOCTOR, false, "table of the users: id, name, e-mail, hourly quota"},
    [OPTION_BYTES_HOURLY_TABLE] = {"bytes-hourly-table", 0, TYPE_TEXT, "TABLE", "bytes_hourly", 0, 0,
        PROVISION | BATCH | VERIFY | FORGET | DOCTOR, false, "table of the hourly totals"},
    [OPTION_USER_QUOTA_LIMIT_TABLE] = {"user-quota-limit-table", 0, TYPE_TEXT, "TABLE", "user_quota_limit", 0, 0,
        PROVISION | BATCH | FORGET | DOCTOR, false, "table of the users over their hourly quota"},
    [OPTION_QUOTA_AS_OF] = {"quota-as-of", 0, TYPE_CHOICE, "hour|now", "hour", 0, 0, BATCH, false,
        "judge users by the quota in force when the hour began, or by the one that they have now"},
    [OPTION_COMPACT] = {"compact", 0, TYPE_FLAG, NULL, NULL, 0, 0, BATCH, false,
        "afterwards merge the small Parquet files of each sealed hour that was run into few large ones"},
    [OPTION_USERS] = {"users", 0, TYPE_PATH, "FILE.csv", NULL, 0, 0, PROVISION | SIMULATE, false,
        "users as CSV with the header id,name,email,quota; simulate also takes a number of users (default 20)"},
    [OPTION_WINDOW] = {"window", 0, TYPE_INTERVAL, "TIME", NULL, 1000, 60 * MINUTE_MS, PROVISION, false,
        "window of the totals, which must divide an hour: 1s, 1m, 5m, 15m, 1h; it cannot change once something is counted "
        "(default: the stored one, and 5m for a new database)"},
    [OPTION_SILENT_AFTER] = {"silent-after", 0, TYPE_INTERVAL, "TIME", NULL, 1000, YEAR_MS, PROVISION, false,
        "after so long without events an antenna is silent (default: the stored time, and 30m for a new database)"},
    [OPTION_ACTIVE_WITHIN] = {"active-within", 0, TYPE_INTERVAL, "TIME", NULL, 1000, YEAR_MS, PROVISION, false,
        "for so long after its last event an antenna is watched, and shown while it is silent (default: the stored time, and "
        "24h for a new database)"},
    [OPTION_ADOPT_NOTICES] = {"adopt-notices", 0, TYPE_FLAG, NULL, NULL, 0, 0, PROVISION, false,
        "send notices from this database, which was copied from another that sends them no more"},
    [OPTION_METRICS] = {"metrics", 0, TYPE_WORDS, METRIC_WORDS, NULL, 0, 0, PROVISION, false,
        "further totals that both layers keep from now on, separated by commas; they cannot be switched off"},
    [OPTION_ADOPT] = {"adopt", 0, TYPE_FLAG, NULL, NULL, 0, 0, PROVISION, false,
        "take over tables without keys, as the Spark job left them: merge doubled rows and add the keys"},
    [OPTION_MERGE] = {"merge", 0, TYPE_CHOICE, "sum|max", NULL, 0, 0, PROVISION, false,
        "with --adopt: what becomes of the rows of one total (default: of jdbc-table the sum of those that differ, of "
        "bytes-hourly-table the largest)"},
    [OPTION_INVALID_ROWS] = {"invalid-rows", 0, TYPE_CHOICE, "put-aside|stop", "put-aside", 0, 0,
        PROVISION | BATCH | REBUILD, false,
        "with --adopt: move rows with NULLs, and those that speed would reject, to antenna.put_aside, or stop; batch, "
        "rebuild: leave such rows of files that are not listed out and count them, or stop"},
    [OPTION_TIME_ZONE] = {"time-zone", 0, TYPE_TEXT, "ZONE", NULL, 0, 0, PROVISION | BATCH | REBUILD, false,
        "with --adopt: time zone of the dates in old tables, such as Europe/Madrid; they become UTC (default: they "
        "are UTC); batch, rebuild: zone of the folders of files that are not listed, and of timestamps without one"},
    [OPTION_SPEED_PASSWORD_FILE] = {"speed-password-file", 0, TYPE_PATH, "FILE", NULL, 0, 0, PROVISION, false,
        "make the role antenna_speed, which may do what speed does and no more, or set its password: the first line of "
        "FILE"},
    [OPTION_BATCH_PASSWORD_FILE] = {"batch-password-file", 0, TYPE_PATH, "FILE", NULL, 0, 0, PROVISION, false,
        "the same for the role antenna_batch, which runs batch, verify, rebuild, prune, forget and status"},
    [OPTION_READER_PASSWORD_FILE] = {"reader-password-file", 0, TYPE_PATH, "FILE", NULL, 0, 0, PROVISION, false,
        "the same for the role antenna_reader, which may read what dashboards show and change nothing"},
    [OPTION_NOTIFY_PASSWORD_FILE] = {"notify-password-file", 0, TYPE_PATH, "FILE", NULL, 0, 0, PROVISION, false,
        "the same for the role antenna_notify, which runs notify"},
    [OPTION_RATE] = {"rate", 0, TYPE_TEXT, "N", "100", 0, 0, SIMULATE, false,
        "messages a second, or max"},
    [OPTION_MESSAGES] = {"count", 0, TYPE_COUNT, "N", NULL, 1, INT64_MAX, SIMULATE, false,
        "stop after N messages"},
    [OPTION_DURATION] = {"duration", 0, TYPE_INTERVAL, "TIME", NULL, 1, YEAR_MS, SIMULATE | SPEED, false,
        "stop cleanly after this time: 90s, 10m, 2h"},
    [OPTION_ANTENNAS] = {"antennas", 0, TYPE_COUNT, "N", "5", 1, 100000000, SIMULATE, false,
        "number of antennas"},
    [OPTION_APPS] = {"apps", 0, TYPE_LIST, "NAME", "SKYPE,FACETIME,TELEGRAM,FACEBOOK,WHATSAPP", 0, 0, SIMULATE, false,
        "application names, separated by commas"},
    [OPTION_SEED] = {"seed", 0, TYPE_COUNT, "N", "1", 0, INT64_MAX, SIMULATE, false,
        "the same seed and options make the same messages"},
    [OPTION_FROM] = {"from", 0, TYPE_TIME, "OFFSET-DATE-TIME", NULL, 0, 0, SIMULATE | VERIFY | REBUILD, false,
        "simulate: event time of the first message (default: now); from a past time the events catch up with the "
        "clock at --rate and then go on live. verify: a time within the first hour (default: of all); rebuild: the same, "
        "always given"},
    [OPTION_TO] = {"to", 0, TYPE_TIME, "OFFSET-DATE-TIME", NULL, 0, 0, SIMULATE | BATCH | VERIFY | REBUILD, false,
        "simulate: event time of the last message; with --count the events spread evenly from --from to --to. "
        "batch, verify, rebuild: a time within the last hour (default of batch and rebuild: the first)"},
    [OPTION_LATE] = {"late", 0, TYPE_SHARE, "SHARE", "0", 0, 0, SIMULATE, false,
        "share of events whose time lies up to two hours back"},
    [OPTION_MALFORMED] = {"malformed", 0, TYPE_SHARE, "SHARE", "0", 0, 0, SIMULATE, false,
        "share of messages that are not valid events"},
    [OPTION_FUTURE] = {"future", 0, TYPE_SHARE, "SHARE", "0", 0, 0, SIMULATE, false,
        "share of events dated in the year 2099, which speed rejects"},
    [OPTION_DUPLICATE] = {"duplicate", 0, TYPE_SHARE, "SHARE", "0", 0, 0, SIMULATE, false,
        "share of messages that repeat the one before them; each counts, as each was sent"},
    [OPTION_LEDGER] = {"ledger", 0, TYPE_PATH, "FILE.csv", NULL, 0, 0, SIMULATE, false,
        "write the exact expected totals and users over quota as CSV: grain,date,type,id,value"},
    [OPTION_PARTITIONS] = {"partitions", 0, TYPE_COUNT, "N", "4", 1, 10000, SIMULATE, false,
        "partitions of the topic when it has to be created"},
    [OPTION_JOB] = {"job", 0, TYPE_TEXT, "NAME", "antenna-speed", 0, 0, SPEED | STATUS | DOCTOR, false,
        "name of the job: its Kafka consumer group and the key of its progress; status: show this job only, and without "
        "it all"},
    [OPTION_WORKERS] = {"workers", 0, TYPE_COUNT, "N", "1", 1, 64, SPEED | DOCTOR, false,
        "worker threads, each a member of the consumer group with its own connection and buffers"},
    [OPTION_INSTANCE_ID] = {"instance-id", 0, TYPE_TEXT, "NAME", NULL, 0, 0, SPEED, false,
        "name of this process in the consumer group, the same over restarts and no other's: a restart then takes up at "
        "once what the process had, even after a crash"},
    [OPTION_LEAVE_AFTER] = {"leave-after", 0, TYPE_INTERVAL, "TIME", "60s", 1, DAY_MS, SPEED, false,
        "leave the consumer group when PostgreSQL or the disk has not answered for so long, so that other workers read the "
        "partitions; join again when it answers"},
    [OPTION_START] = {"start", 0, TYPE_TEXT, "WHERE", "earliest", 0, 0, SPEED, false,
        "where a job that has never run begins: earliest, latest or an OFFSET-DATE-TIME of arrival in Kafka"},
    [OPTION_UNTIL_END] = {"until-end", 0, TYPE_FLAG, NULL, NULL, 0, 0, SPEED, false,
        "stop when everything that the topic held at the start is committed and archived"},
    [OPTION_COMMIT_INTERVAL] = {"commit-interval", 0, TYPE_INTERVAL, "TIME", "50ms", 1, 10 * MINUTE_MS, SPEED, false,
        "longest time that totals wait in memory before they are committed to PostgreSQL"},
    [OPTION_CATCH_UP_INTERVAL] = {"catch-up-interval", 0, TYPE_INTERVAL, "TIME", "2s", 1, 10 * MINUTE_MS, SPEED, false,
        "the same while the job lags behind: a quarter of the lag, and at most so long, so that a backlog writes fewer rows; "
        "--commit-interval when that is longer"},
    [OPTION_NO_ARCHIVE] = {"no-archive", 0, TYPE_FLAG, NULL, NULL, 0, 0, SPEED, false,
        "keep the totals only: nothing is written to Parquet, and batch and verify have nothing to work on"},
    [OPTION_COMPRESSION] = {"compression", 0, TYPE_CHOICE, "zstd|snappy", "zstd", 0, 0, SPEED | BATCH | FORGET, false,
        "codec of new Parquet files; snappy is larger, and readable by Spark 2.4; batch: with --compact"},
    [OPTION_PROFILE] = {"profile", 0, TYPE_FLAG, NULL, NULL, 0, 0, SPEED, false,
        "at the end print where the CPU time went: nanoseconds a message for each stage of the work"},
    [OPTION_ROLL_ROWS] = {"roll-rows", 0, TYPE_COUNT, "N", "300000", 1, 10000000, SPEED, false,
        "most rows that wait in memory before they are written to Parquet"},
    [OPTION_ROLL_BYTES] = {"roll-bytes", 0, TYPE_SIZE, "SIZE", "64MiB", 65536, 4096LL * MEBIBYTE, SPEED, false,
        "most memory of rows that wait before they are written to Parquet"},
    [OPTION_ROLL_AGE] = {"roll-age", 0, TYPE_INTERVAL, "TIME", "1m", 1, DAY_MS, SPEED, false,
        "longest time that a row waits in memory before it is written to Parquet"},
    [OPTION_MEMORY_LIMIT] = {"memory-limit", 0, TYPE_SIZE, "SIZE", NULL, 120LL * MEBIBYTE, 1024LL * 1024 * MEBIBYTE,
        SPEED | BATCH | VERIFY | REBUILD | FORGET | DOCTOR, false, "most memory of the process: when it is reached, what waits is committed and written to Parquet, however "
        "many ids are new (default: no limit beside those of rows). "
        "batch, verify, rebuild, forget: memory of DuckDB, which spills the rest to disk (default: 2GB)"},
    [OPTION_MAX_FUTURE] = {"max-future", 0, TYPE_INTERVAL, "TIME", "1h", 0, YEAR_MS, SPEED | DOCTOR, false,
        "reject events dated further ahead of their arrival in Kafka, where its timestamp can be one"},
    [OPTION_MAX_BYTES] = {"max-bytes", 0, TYPE_COUNT, "N", "1099511627776", 0, INT64_MAX, SPEED | DOCTOR, false,
        "reject events that carry more bytes; a TiB is more than a device sends between two events"},
    [OPTION_ACCEPT] = {"accept", 0, TYPE_WORDS, "iso-timestamps|numeric-ids", NULL, 0, 0, SPEED | DOCTOR, false,
        "also accept what the Spark job counts, separated by commas: ISO-8601 texts as timestamp, integers as id and "
        "antenna_id"},
    [OPTION_ACCEPT_LOSS] = {"accept-loss", 0, TYPE_FLAG, NULL, NULL, 0, 0, SPEED, false,
        "go on when Kafka no longer holds messages that were not read yet, and record what was lost"},
    [OPTION_ADOPT_ARCHIVE] = {"adopt-archive", 0, TYPE_FLAG, NULL, NULL, 0, 0, SPEED | BATCH, false,
        "give the folder of the archive the identity that the database knows, because it was moved or restored"},
    [OPTION_LISTEN] = {"listen", 0, TYPE_TEXT, "ADDRESS", NULL, 0, 0, SPEED | BATCH | NOTIFY | DOCTOR, false,
        "serve /metrics for Prometheus, /healthz and /readyz at HOST:PORT, [IPV6]:PORT, PORT of 127.0.0.1, or :PORT of "
        "all addresses; 0 is a free port; batch, notify: with --follow (default: off)"},
    [OPTION_KAFKA_PROPERTY] = {"kafka-property", 'X', TYPE_PROPERTIES, "NAME=VALUE", NULL, 0, 0, KAFKA, true,
        "a librdkafka property, such as security.protocol=SASL_SSL; may be given several times, and separated by commas "
        "in the environment"},
    [OPTION_CONFIG] = {"config", 0, TYPE_PATH, "FILE", NULL, 0, 0, EVERY, false,
        "configuration file (INI) with option names as keys, also per command in a section [speed]"},
    [OPTION_LOG_LEVEL] = {"log-level", 0, TYPE_CHOICE, "error|warning|info|debug", "info", 0, 0, EVERY, false,
        "what is logged"},
    [OPTION_LOG_FORMAT] = {"log-format", 0, TYPE_CHOICE, "text|json", "text", 0, 0, EVERY, false,
        "how it is logged: json is an object a line"},
    [OPTION_COMMAND] = {"command", 0, TYPE_TEXT, "COMMAND", NULL, 0, 0, CONFIG, false,
        "the command whose configuration is shown; its own arguments and options follow"},
    [OPTION_HELP] = {"help", 'h', TYPE_FLAG, NULL, NULL, 0, 0, EVERY | CONFIG, false,
        "print this help and exit"},
    [OPTION_VERSION] = {"version", 'V', TYPE_FLAG, NULL, NULL, 0, 0, EVERY | CONFIG, false,
        "print the versions of the program and its libraries and exit"},
};
// clang-format on

const char *option_default(const struct option *option, enum command_id command)
{
    bool selects = option == &option_table[OPTION_JOB] || option == &option_table[OPTION_TOPIC];

    return command == COMMAND_STATUS && selects ? NULL : option->default_value;
}

bool option_taken(const struct option *option, enum command_id command)
{
    return option->commands & (1u << command);
}

bool option_is_positional(const struct option *option, enum command_id id)
{
    const struct command *command = &command_table[id];

    for (size_t i = 0; i < command->positional_count; i++)
        if (&option_table[command->positionals[i].option] == option)
            return true;
    return false;
}

bool option_in_environment(const struct option *option)
{
    return option != &option_table[OPTION_HELP] && option != &option_table[OPTION_VERSION] &&
           option != &option_table[OPTION_COMMAND];
}

bool option_in_file(const struct option *option)
{
    return option_in_environment(option) && option != &option_table[OPTION_CONFIG];
}

bool command_find(const char *name, enum command_id *ret_command)
{
    for (int id = 0; id < COMMAND_IDS; id++)
        if (strcmp(name, command_table[id].name) == 0) {
            *ret_command = (enum command_id)id;
            return true;
        }
    return false;
}

const struct option *option_find(enum command_id command, const char *name, size_t size)
{
    for (size_t i = 0; i < OPTION_IDS; i++) {
        const struct option *option = &option_table[i];

        if (option_taken(option, command) && strlen(option->name) == size && memcmp(option->name, name, size) == 0)
            return option;
    }
    return NULL;
}

/* Levenshtein's distance, one row at a time. */
static size_t count_edits(const char *left, size_t left_size, const char *right, size_t right_size)
{
    size_t row[OPTION_NAME_SIZE + 1];

    for (size_t j = 0; j <= right_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= left_size; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= right_size; j++) {
            size_t above = row[j];
            size_t cost = diagonal + (left[i - 1] != right[j - 1]);

            if (above + 1 < cost)
                cost = above + 1;
            if (row[j - 1] + 1 < cost)
                cost = row[j - 1] + 1;
            row[j] = cost;
            diagonal = above;
        }
    }
    return row[right_size];
}

bool option_is_nearer(const char *name, size_t size, const char *known, size_t *fewest)
{
    size_t edits = count_edits(name, size, known, strlen(known));

    /* A name whose every character differs is another word. */
    if (edits >= *fewest || edits >= size)
        return false;
    *fewest = edits;
    return true;
}

bool command_nearest(const char *name, enum command_id *ret_command)
{
    size_t fewest = NEAREST_MAX_EDITS + 1;

    for (int id = 0; id < COMMAND_IDS; id++)
        if (option_is_nearer(name, strlen(name), command_table[id].name, &fewest))
            *ret_command = (enum command_id)id;
    return fewest <= NEAREST_MAX_EDITS;
}

const struct option *option_nearest(enum command_id command, const char *name, size_t size)
{
    const struct option *nearest = NULL;
    size_t fewest = NEAREST_MAX_EDITS + 1;

    for (size_t i = 0; i < OPTION_IDS; i++) {
        const struct option *option = &option_table[i];

        if (option_taken(option, command) && option_is_nearer(name, size, option->name, &fewest))
            nearest = option;
    }
    return nearest;
}

void option_environment_name(const struct option *option, char *text, size_t size)
{
    snprintf(text, size, "ANTENNA_%s", option->name);
    for (char *byte = text; *byte; byte++)
        *byte = *byte == '-' ? '_' : (char)toupper((unsigned char)*byte);
}
