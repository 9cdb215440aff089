#include "kafka/property.h"

#include <string.h>

#include "base/memory.h"
#include "kafka/sasl.h"

#define READER PROPERTY_READER
#define WRITER PROPERTY_WRITER
#define DEFAULT PROPERTY_DEFAULT
#define CLASSIC PROPERTY_CLASSIC
#define FIXED PROPERTY_FIXED
#define REFUSED PROPERTY_REFUSED

/* The first row of each role is one of a topic: librdkafka returns the defaults of the others only after one was set.
 */
const struct property property_table[] = {
    {"auto.commit.enable", "false", READER, FIXED, NULL, "PostgreSQL holds the offsets", NULL},
    {"request.required.acks", "all", WRITER, FIXED, NULL, "an acknowledged message must survive a broker", NULL},
    {"bootstrap.servers", NULL, READER | WRITER, FIXED, NULL, "the log would name other brokers than are used",
     &option_table[OPTION_KAFKA_SERVER]},
    {"test.mock.num.brokers", NULL, READER | WRITER, REFUSED, NULL,
     "librdkafka would read and write an invented cluster in place of the brokers", NULL},
    {"topic.blacklist", NULL, READER | WRITER, REFUSED, NULL, "it can hide the topic", &option_table[OPTION_TOPIC]},
    {"allow.auto.create.topics", "false", READER | WRITER, FIXED, NULL,
     "a misspelt topic is an error and must not become a new, empty topic", NULL},
    {"auto.offset.reset", "error", READER, FIXED, NULL,
     "with any other value the job skips, or counts again, the messages that Kafka no longer holds, without a word",
     &option_table[OPTION_START]},
    {"isolation.level", "read_committed", READER, FIXED, NULL, "messages of aborted transactions would be counted",
     NULL},
    {"enable.auto.commit", "false", READER, FIXED, NULL, "PostgreSQL holds the offsets", NULL},
    {"enable.auto.offset.store", "false", READER, FIXED, NULL, "PostgreSQL holds the offsets", NULL},
    {"offset.store.method", NULL, READER, FIXED, NULL, "PostgreSQL holds the offsets", NULL},
    {"offset.store.path", NULL, READER, FIXED, NULL, "PostgreSQL holds the offsets", NULL},
    {"offset.store.sync.interval.ms", NULL, READER, FIXED, NULL, "PostgreSQL holds the offsets", NULL},
    {"enable.partition.eof", "true", READER, FIXED, NULL,
     "without it the job does not know where a partition ends, and seals no hour", NULL},
    {"check.crcs", "true", READER, FIXED, NULL, "a damaged message could be counted", NULL},
    {"group.id", NULL, READER, FIXED, NULL, "processes of one job must share its group", &option_table[OPTION_JOB]},
    {"group.instance.id", NULL, READER, REFUSED, NULL, "each worker needs a name of its own",
     &option_table[OPTION_INSTANCE_ID]},
    {"api.version.request", NULL, READER | WRITER, FIXED, NULL,
     "a protocol of old brokers has no transactions: aborted messages would be counted", NULL},
    {"api.version.fallback.ms", NULL, READER | WRITER, FIXED, NULL,
     "a protocol of old brokers has no transactions: aborted messages would be counted", NULL},
    {"broker.version.fallback", NULL, READER | WRITER, FIXED, NULL,
     "a protocol of old brokers has no transactions: aborted messages would be counted", NULL},
    {"enabled_events", NULL, READER | WRITER, FIXED, NULL, "the job would no longer notice assignments and deliveries",
     NULL},
    {"log.queue", NULL, READER | WRITER, FIXED, NULL, "librdkafka's log would pile up in memory",
     &option_table[OPTION_LOG_LEVEL]},
    {"internal.termination.signal", NULL, READER | WRITER, REFUSED, NULL,
     "the signal would end the process before its data is written", NULL},
    {"plugin.library.paths", NULL, READER | WRITER, REFUSED, NULL,
     "a plugin can change messages before they are counted", NULL},
    {"topic.metadata.refresh.interval.ms", "30000", READER, DEFAULT, "-1",
     "new partitions and a deleted topic are noticed after this time; with -1, never", NULL},
    {"partition.assignment.strategy", "cooperative-sticky", READER, CLASSIC, NULL,
     "a rebalance stops only the partitions that move", NULL},
    {"session.timeout.ms", "10000", READER, CLASSIC, NULL,
     "the partitions of a worker that died go to another after this time", NULL},
    {"heartbeat.interval.ms", "1000", READER, CLASSIC, NULL,
     "a worker learns by its heartbeat that partitions move: each step of a rebalance takes no longer", NULL},
    {"fetch.queue.backoff.ms", "5", READER, DEFAULT, NULL, "with the default of 1 s a full queue stalls reading", NULL},
    {"queued.max.messages.kbytes", "4096", READER, DEFAULT, NULL,
     "bounds prefetched messages: enough while a worker writes; with more, each costs more time", NULL},
    {"fetch.message.max.bytes", "262144", READER, DEFAULT, NULL,
     "bounds a fetch of one partition; `--memory-limit` lowers it", NULL},
    {"enable.idempotence", "true", WRITER, FIXED, NULL, "the ledger counts each message once", NULL},
    {"message.timeout.ms", "0", WRITER, FIXED, NULL,
     "a message that is given up can be in the topic, and would be missing in the ledger", NULL},
    {"transactional.id", NULL, WRITER, REFUSED, NULL, "nothing would commit the transaction", NULL},
    {"delivery.report.only.error", NULL, WRITER, FIXED, NULL, "the ledger needs each acknowledgement", NULL},
    {"reconnect.backoff.max.ms", "1000", WRITER, DEFAULT, NULL, "sending goes on soon after an outage", NULL},
    {"linger.ms", "10", WRITER, DEFAULT, NULL, "fills batches at a low rate", NULL},
    {"batch.size", "1000000", WRITER, DEFAULT, NULL, "large batches compress well", NULL},
    {"compression.codec", "lz4", WRITER, DEFAULT, NULL, "costs less than the network that it saves", NULL},
    {NULL, NULL, 0, DEFAULT, NULL, NULL, NULL},
};

struct property_value property_value(const rd_kafka_conf_t *conf, const char *name)
{
    struct property_value value = {""};
    size_t size = sizeof(value.text);

    if (rd_kafka_conf_get(conf, name, value.text, &size) != RD_KAFKA_CONF_OK)
        *value.text = '\0';
    return value;
}

static enum property_role role_of(const struct config *config)
{
    return config_command(config) == COMMAND_SIMULATE ? PROPERTY_WRITER : PROPERTY_READER;
}

static int refuse_property(struct error *error, const char *reason)
{
    error_set(error, ANT_KAFKA_PROPERTY_INVALID, "invalid Kafka property: %s", reason);
    return error_hint(error, "give NAME=VALUE, with a name and a value of librdkafka's CONFIGURATION.md");
}

static int set_property(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error)
{
    char reason[KAFKA_REASON_SIZE];

    if (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) != RD_KAFKA_CONF_OK)
        return refuse_property(error, reason);
    return 0;
}

/* Librdkafka parses the values, so that they mean the same here as for the client: in any case of letters, and the last
 * one counts. */
bool property_broker_assigns(const struct config *config)
{
    static const char name[] = "group.protocol";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    bool assigns;

    for (size_t i = 0; i < config_list_size(config, OPTION_KAFKA_PROPERTY); i++) {
        const char *entry = config_list_entry(config, OPTION_KAFKA_PROPERTY, i);

        if (strncmp(entry, name, strlen(name)) == 0 && entry[strlen(name)] == '=')
            rd_kafka_conf_set(conf, name, entry + sizeof(name), NULL, 0);
    }
    assigns = strcmp(property_value(conf, name).text, "consumer") == 0;
    rd_kafka_conf_destroy(conf);
    return assigns;
}

static int set_own(rd_kafka_conf_t *conf, const struct config *config, const struct kafka_property *own,
                   struct error *error)
{
    bool broker_assigns = property_broker_assigns(config);

    for (const struct property *row = property_table; row->name; row++)
        if (row->value && (row->roles & role_of(config)) && (row->rule != PROPERTY_CLASSIC || !broker_assigns) &&
            set_property(conf, row->name, row->value, error))
            return -1;
    if (set_property(conf, "bootstrap.servers", config_text(config, OPTION_KAFKA_SERVER), error))
        return -1;
    for (; own->name; own++)
        if (set_property(conf, own->name, own->value, error))
            return -1;
    return 0;
}

static const struct property *row_of(const char *name, enum property_role role)
{
    const struct property *row = property_table;

    while (row->name && (!(row->roles & role) || strcmp(row->name, name) != 0))
        row++;
    return row->name ? row : NULL;
}

static int refuse(const struct property *row, const char *given, const char *ours, struct error *error)
{
    error_set(error, ANT_KAFKA_PROPERTY_REFUSED, "Kafka property %s is refused: %s", given, row->reason);
    if (row->refused)
        return error_hint(error, "give another value than %s", row->refused);
    return error_hint(error, "remove it%s%s%s%s%s%s", *ours ? "; antenna needs " : "", *ours ? row->name : "",
                      *ours ? "=" : "", ours, row->option ? "; use --" : "", row->option ? row->option->name : "");
}

/* Sets a property of the operator's, and refuses it if a row of the table has changed by it. By this way an alias, or
 * another spelling of the same value, needs no row of its own. */
static int judge(rd_kafka_conf_t *conf, enum property_role role, const char *name, const char *value,
                 struct error *error)
{
    const struct property *own = row_of(name, role);
    rd_kafka_conf_t *before;
    int status;

    if (own && own->rule == PROPERTY_REFUSED)
        return *value ? refuse(own, name, "", error) : 0;
    before = rd_kafka_conf_dup(conf);
    status = set_property(conf, name, value, error);
    for (const struct property *row = property_table; row->name && !status; row++) {
        struct property_value ours = property_value(before, row->name), theirs = property_value(conf, row->name);

        if ((row->roles & role) && strcmp(ours.text, theirs.text) != 0 &&
            (row->rule == PROPERTY_FIXED || (row->refused && strcmp(row->refused, theirs.text) == 0)))
            status = refuse(row, name, ours.text, error);
    }
    rd_kafka_conf_destroy(before);
    return status;
}

/* Judges one of the operator's properties, or sets it. Fixed ones are equal to ours after they were judged, and are
 * left out: not every client of a command has them. */
static int take_entry(rd_kafka_conf_t *conf, const struct config *config, size_t entry, bool judges,
                      struct error *error)
{
    const char *text = config_list_entry(config, OPTION_KAFKA_PROPERTY, entry);
    const char *equals = strchr(text, '=');
    cleanup(memory_free) char *name = NULL;
    const struct property *row;

    if (!equals)
        return refuse_property(error, "a text without =");
    name = memory_text(text, (size_t)(equals - text));
    if (judges)
        return judge(conf, role_of(config), name, equals + 1, error);
    row = row_of(name, role_of(config));
    return row && row->rule >= PROPERTY_FIXED ? 0 : set_property(conf, name, equals + 1, error);
}

static int configure(const struct config *config, const struct kafka_property *own, bool judges,
                     rd_kafka_conf_t **ret_conf, struct error *error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int status = set_own(conf, config, own, error);

    for (size_t i = 0; i < config_list_size(config, OPTION_KAFKA_PROPERTY) && !status; i++)
        status = take_entry(conf, config, i, judges, error);
    if (status) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    *ret_conf = conf;
    return 0;
}

int property_check(const struct config *config, struct error *error)
{
    const struct kafka_property own[] = {
        {role_of(config) == PROPERTY_READER ? "group.id" : NULL, config_text(config, OPTION_JOB)},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf;
    int status;

    if (configure(config, own, true, &conf, error))
        return -1;
    status = sasl_check(conf, error);
    rd_kafka_conf_destroy(conf);
    return status;
}

int property_configure(const struct config *config, const struct kafka_property *own, rd_kafka_conf_t **ret_conf,
                       struct error *error)
{
    return property_check(config, error) || configure(config, own, false, ret_conf, error) ? -1 : 0;
}
