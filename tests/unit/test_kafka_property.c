/* Librdkafka's properties: which an operator may set, and that each one of librdkafka's has been judged. */
#include "kafka/property.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static struct error error;

/* The exit code with which a command would refuse -X `text`; 0: it is accepted. */
static int judge(enum command_id command, const char *text)
{
    char words[][64] = {"--kafka-server", "kafka:9092,other:9092", "-X", ""};
    char *list[] = {words[0], words[1], words[2], words[3], NULL};
    struct config *config = NULL;
    int status;

    clearenv();
    snprintf(words[3], sizeof(words[3]), "%s", text);
    error = (struct error){0};
    assert_int_equal(config_read(command, 4, list, &config, &error), 0);
    status = property_check(config, &error) ? error_exit_code(error_kind(&error)) : 0;
    config_free(config);
    return status;
}

static const struct {
    const char *text;
    int speed, simulate; /* exit codes; doctor's is speed's */
} cases[] = {
    {"auto.offset.reset=earliest", 3, 0},
    {"auto.offset.reset=smallest", 3, 0},
    {"auto.offset.reset=beginning", 3, 0},
    {"auto.offset.reset=latest", 3, 0},
    {"auto.offset.reset=largest", 3, 0},
    {"auto.offset.reset=end", 3, 0},
    {"auto.offset.reset=error", 0, 0},
    {"auto.offset.reset=none", 2, 2},
    {"isolation.level=read_uncommitted", 3, 0},
    {"isolation.level=read_committed", 0, 0},
    {"enable.auto.commit=true", 3, 0},
    {"enable.auto.commit=false", 0, 0},
    {"enable.auto.commit=f", 0, 0},
    {"auto.commit.enable=true", 3, 0},
    {"auto.commit.enable=1", 3, 0},
    {"auto.commit.enable=false", 0, 0},
    {"auto.commit.interval.ms=5000", 0, 0},
    {"enable.auto.offset.store=true", 3, 0},
    {"offset.store.method=file", 3, 0},
    {"offset.store.method=broker", 0, 0},
    {"offset.store.path=/tmp", 3, 0},
    {"offset.store.sync.interval.ms=0", 3, 0},
    {"enable.partition.eof=false", 3, 0},
    {"enable.partition.eof=true", 0, 0},
    {"check.crcs=false", 3, 0},
    {"group.id=mine", 3, 0},
    {"group.id=antenna-speed", 0, 0},
    {"group.instance.id=mine", 3, 0},
    {"bootstrap.servers=mine:9092", 3, 3},
    {"metadata.broker.list=mine:9092", 3, 3},
    {"metadata.broker.list=kafka:9092,other:9092", 0, 0},
    {"test.mock.num.brokers=3", 3, 3},
    {"topic.blacklist=dev.*", 3, 3},
    {"allow.auto.create.topics=true", 3, 3},
    {"allow.auto.create.topics=false", 0, 0},
    {"api.version.request=false", 3, 3},
    {"api.version.fallback.ms=1", 3, 3},
    {"broker.version.fallback=0.9.0", 3, 3},
    {"enabled_events=2", 3, 3},
    {"log.queue=true", 3, 3},
    {"log.queue=false", 0, 0},
    {"internal.termination.signal=15", 3, 3},
    {"plugin.library.paths=/no/such/library", 3, 3},
    {"topic.metadata.refresh.interval.ms=-1", 3, 0},
    {"topic.metadata.refresh.interval.ms=100", 0, 0},
    {"enable.idempotence=false", 0, 3},
    {"acks=1", 0, 3},
    {"acks=-1", 0, 0},
    {"request.required.acks=0", 0, 3},
    {"message.timeout.ms=1000", 0, 3},
    {"delivery.timeout.ms=1000", 0, 3},
    {"transactional.id=mine", 0, 3},
    {"delivery.report.only.error=true", 0, 3},
    {"session.timeout.ms=1500", 0, 0},
    {"partition.assignment.strategy=range", 0, 0},
    {"group.protocol=consumer", 0, 0},
    {"GROUP.PROTOCOL=consumer", 2, 2},
    {"linger.ms=1", 0, 0},
    {"fetch.max.bytes=1", 0, 0},
    {"session.timeout.ms=soon", 2, 2},
    {"no.such.property=1", 2, 2},
    {"rebalance_cb=1", 2, 2},
    {"nonsense", 2, 2},
};

static void test_properties_that_change_what_is_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int speed = judge(COMMAND_SPEED, cases[i].text), doctor = judge(COMMAND_DOCTOR, cases[i].text);
        int simulate = judge(COMMAND_SIMULATE, cases[i].text);

        if (speed != cases[i].speed || doctor != cases[i].speed || simulate != cases[i].simulate)
            fail_msg("%s: speed %d, doctor %d, simulate %d: %s", cases[i].text, speed, doctor, simulate, error.message);
    }
}

static void test_a_refusal_gives_the_reason_and_what_to_do(void **state)
{
    (void)state;
    assert_int_equal(judge(COMMAND_SPEED, "auto.offset.reset=earliest"), 3);
    assert_error_says(error, "Kafka property auto.offset.reset is refused");
    assert_error_says(error, "no longer holds");
    assert_error_says(error, "--start");
    assert_int_equal(judge(COMMAND_SPEED, "metadata.broker.list=x"), 3);
    assert_error_says(error, "Kafka property metadata.broker.list is refused");
    assert_error_says(error, "--kafka-server");
    assert_int_equal(judge(COMMAND_SPEED, "isolation.level=read_uncommitted"), 3);
    assert_error_says(error, "antenna needs isolation.level=read_committed");
}

static void test_the_table_names_properties_of_librdkafka(void **state)
{
    (void)state;
    for (const struct property *row = property_table; row->name; row++) {
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char reason[512];

        if (row->value && rd_kafka_conf_set(conf, row->name, row->value, reason, sizeof(reason)))
            fail_msg("%s", reason);
        rd_kafka_conf_destroy(conf);
    }
}

/* Judged, and free: they change neither what is read nor what the ledger says. Ends with NULL; * stands for any end. */
static const char *const free_properties[] = {
    "api.version.request.timeout.ms",
    "auto.commit.interval.ms",
    "batch.num.messages",
    "broker.address.family",
    "broker.address.ttl",
    "builtin.features",
    "client.dns.lookup",
    "client.id",
    "client.rack",
    "compression.level",
    "connections.max.idle.ms",
    "consume.callback.max.messages",
    "coordinator.query.interval.ms",
    "debug",
    "enable.gapless.guarantee",
    "enable.metrics.push",
    "enable.random.seed",
    "enable.sasl.oauthbearer.unsecure.jwt",
    "enable.ssl.certificate.verification",
    "fetch.error.backoff.ms",
    "fetch.max.bytes",
    "fetch.min.bytes",
    "fetch.wait.max.ms",
    "group.protocol",
    "group.protocol.type",
    "group.remote.assignor",
    "https.*",
    "log.connection.close",
    "log.thread.name",
    "log_level",
    "max.in.flight.requests.per.connection",
    "max.poll.interval.ms",
    "max.poll.records",
    "message.copy.max.bytes",
    "message.max.bytes",
    "message.send.max.retries",
    "metadata.broker.list",
    "metadata.max.age.ms",
    "metadata.recovery.rebootstrap.trigger.ms",
    "metadata.recovery.strategy",
    "partitioner",
    "produce.offset.report",
    "queue.buffering.backpressure.threshold",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queue.buffering.max.ms",
    "queued.min.messages",
    "queuing.strategy",
    "receive.message.max.bytes",
    "reconnect.backoff.jitter.ms",
    "reconnect.backoff.ms",
    "request.timeout.ms",
    "retry.*",
    "sasl.*",
    "security.protocol",
    "share.acknowledgement.mode",
    "socket.*",
    "ssl.*",
    "statistics.interval.ms",
    "sticky.partitioning.linger.ms",
    "topic.metadata.propagation.max.ms",
    "topic.metadata.refresh.fast.cnt",
    "topic.metadata.refresh.fast.interval.ms",
    "topic.metadata.refresh.sparse",
    "transaction.timeout.ms",
    NULL,
};

static bool is_free(const char *name)
{
    for (const char *const *free = free_properties; *free; free++) {
        size_t size = strcspn(*free, "*");

        if ((*free)[size] ? strncmp(*free, name, size) == 0 : strcmp(*free, name) == 0)
            return true;
    }
    return false;
}

static bool is_in_table(const char *name)
{
    for (const struct property *row = property_table; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return true;
    return false;
}

/* A new version of librdkafka may bring a property that changes what is read: somebody has to decide. */
static void test_each_property_of_librdkafka_has_been_judged(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    int judged = 0;

    (void)state;
    rd_kafka_conf_properties_show(file);
    fclose(file);
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        if (*line < 'a' || *line > 'z' || strstr(line, "see dedicated API") || strstr(line, "Alias for"))
            continue;
        line[strcspn(line, " ")] = '\0';
        if (is_in_table(line) == is_free(line))
            fail_msg("%s: decide whether it is free, or in property_table, and not both", line);
        judged++;
    }
    assert_true(judged > 100);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_properties_that_change_what_is_counted),
        cmocka_unit_test(test_a_refusal_gives_the_reason_and_what_to_do),
        cmocka_unit_test(test_the_table_names_properties_of_librdkafka),
        cmocka_unit_test(test_each_property_of_librdkafka_has_been_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
