#include <string.h>

#include "base/buffer.h"
#include "doctor/network.h"
#include "doctor/subjects.h"

#define BROKER "kafka_broker"
#define LISTENERS "kafka_listeners"
#define ENCRYPTION "kafka_encryption"
#define PROPERTY_SIZE 64

static const char *const broker_checks[] = {LISTENERS, ENCRYPTION, NULL};

/* Of what the cluster advertises. */
struct reach {
    bool all;   /* every broker was reached */
    bool local; /* and none outside of this machine */
};

static void free_metadata(const struct rd_kafka_metadata **metadata)
{
    if (*metadata)
        rd_kafka_metadata_destroy(*metadata);
}

static void free_client(rd_kafka_t **client)
{
    if (*client)
        rd_kafka_destroy(*client);
}

/* A client asks one broker, and is sent on to the addresses that the brokers say are theirs. */
static struct reach examine_listeners(struct doctor *doctor, const struct rd_kafka_metadata *metadata)
{
    struct reach reach = {true, true};
    cleanup(buffer_release) struct buffer addresses = {0}, fix = {0};
    struct error error;

    for (int i = 0; i < metadata->broker_cnt; i++) {
        const struct rd_kafka_metadata_broker *broker = &metadata->brokers[i];
        bool local = false;

        buffer_printf(&addresses, "%s%s:%d", i ? ", " : "", broker->host, broker->port);
        if (network_reach(broker->host, broker->port, &local, &error) == 0) {
            reach.local = reach.local && local;
            continue;
        }
        reach.all = false;
        buffer_clear(&fix);
        buffer_printf(&fix,
                      "have advertised.listeners of broker %d name an address that this machine reaches, or let it "
                      "reach %s (name resolution, route, firewall)",
                      (int)broker->id, broker->host);
        found_failed(doctor, LISTENERS, fix.data, "broker %d wants to be reached at %s:%d, which does not work: %s",
                     (int)broker->id, broker->host, broker->port, error.message);
    }
    if (reach.all)
        found_ok(doctor, LISTENERS, "reached at the addresses that they advertise: %s", addresses.data);
    return reach;
}

static void examine_encryption(struct doctor *doctor, rd_kafka_t *metadata_client, const struct reach *reach)
{
    char protocol[PROPERTY_SIZE] = "";
    size_t size = sizeof(protocol);

    rd_kafka_conf_get(rd_kafka_conf(metadata_client), "security.protocol", protocol, &size);
    if (strstr(protocol, "ssl"))
        found_ok(doctor, ENCRYPTION, "TLS (security.protocol=%s)", protocol);
    else if (reach->local && reach->all)
        found_ok(doctor, ENCRYPTION, "plain text, which does not leave this machine");
    else
        found_warning(doctor, ENCRYPTION,
                      "give the brokers a listener with TLS, and the jobs -X security.protocol=SSL or SASL_SSL",
                      "events travel in plain text over a network (security.protocol=%s)", protocol);
}

static void examine_brokers(struct doctor *doctor, rd_kafka_t *metadata_client,
                            const struct rd_kafka_metadata *metadata)
{
    struct reach reach;

    doctor->brokers = metadata->broker_cnt;
    found_ok(doctor, BROKER, "%s answers for a cluster of %d", config_text(doctor->config, OPTION_KAFKA_SERVER),
             metadata->broker_cnt);
    reach = examine_listeners(doctor, metadata);
    examine_encryption(doctor, metadata_client, &reach);
    if (reach.all)
        examine_topic(doctor, metadata_client, metadata);
    else {
        found_skipped_all(doctor, topic_checks, "not all brokers can be reached");
        found_skipped_all(doctor, message_checks, "not all brokers can be reached");
    }
}

void examine_kafka(struct doctor *doctor)
{
    cleanup(free_client) rd_kafka_t *metadata_client = NULL;
    cleanup(free_metadata) const struct rd_kafka_metadata *metadata = NULL;
    struct error error;

    if (!config_has(doctor->config, OPTION_KAFKA_SERVER)) {
        found_skipped(doctor, BROKER, "no --kafka-server is given: nothing of Kafka is looked at");
        return;
    }
    if (kafka_open_metadata_client(doctor->config, &metadata_client, &error) ||
        kafka_query_topic(metadata_client, doctor->config, &metadata, &error)) {
        found_error(doctor, BROKER, &error);
        found_skipped_all(doctor, broker_checks, "no broker answers");
        found_skipped_all(doctor, topic_checks, "no broker answers");
        found_skipped_all(doctor, message_checks, "no broker answers");
        return;
    }
    examine_brokers(doctor, metadata_client, metadata);
}
