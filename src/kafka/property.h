/*
 * The table of librdkafka properties that the jobs rely on: for each one the value, whether an operator may change it,
 * and why. A property that is not in the table is free. docs/reference.md is made from it.
 */
#ifndef ANTENNA_KAFKA_PROPERTY_H
#define ANTENNA_KAFKA_PROPERTY_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"

/** Bytes for the reason that librdkafka gives for a refusal. */
#define KAFKA_REASON_SIZE 512

/** Which commands a row of the table concerns: all clients of a command share the rows. */
enum property_role {
    PROPERTY_READER = 1, /* speed, doctor */
    PROPERTY_WRITER = 2, /* simulate */
};

/** What an operator may do to a property by kafka-property, in the configuration file or in the environment. */
enum property_rule {
    PROPERTY_DEFAULT, /* replace our value */
    PROPERTY_CLASSIC, /* the same; with group.protocol=consumer (KIP-848) the broker decides, and none is set */
    PROPERTY_FIXED,   /* nothing: any other value is refused, by whichever alias it is given */
    PROPERTY_REFUSED, /* nothing: it is refused before librdkafka sees it */
};

struct property {
    const char *name;
    const char *value; /* ours; NULL: librdkafka's default, or what an option says */
    unsigned roles;
    enum property_rule rule;
    const char *refused; /* with PROPERTY_DEFAULT: the one value that is refused, or NULL */
    const char *reason;
    const struct option *option; /* that sets the property instead, or NULL */
};

/** Ends with a row without name. */
extern const struct property property_table[];

/** One librdkafka property. */
struct kafka_property {
    const char *name;
    const char *value;
};

/** A value as librdkafka has it; a longer one, such as a list of brokers, is cut. */
struct property_value {
    char text[1024];
};

/** The value of a property; empty when it has none. */
struct property_value property_value(const rd_kafka_conf_t *conf, const char *name);

/**
 * A librdkafka configuration for a client of the command: the table, then kafka-server and `own` (ended by a NULL
 * name), then the operator's properties. Errors: ERROR_USAGE with librdkafka's own words for one that is malformed;
 * ERROR_CONFIGURATION for one that the table refuses. Free with rd_kafka_conf_destroy() unless rd_kafka_new() took it.
 */
int property_configure(const struct config *config, const struct kafka_property *own, rd_kafka_conf_t **ret_conf,
                       struct error *error) must_check;

/** Checks the operator's properties before any server is asked. Errors: as property_configure(). */
int property_check(const struct config *config, struct error *error) must_check;

/** Whether the operator has chosen the group protocol in which the broker assigns partitions (KIP-848). */
bool property_broker_assigns(const struct config *config);

#endif
