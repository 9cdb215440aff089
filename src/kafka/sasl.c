#include "kafka/sasl.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "kafka/property.h"

#define LINE_SIZE 2048 /* librdkafka cuts its lines there */

/* The start of librdkafka's messages: it has no error codes for these. */
#define NO_TOKEN "Failed to acquire SASL OAUTHBEARER token: "
#define NO_ANSWER "Failed to retrieve "

/* The bytes of a reason that are searched for in the log. The log and the error truncate an endpoint's page at
 * different places. */
#define REASON_COMPARED 60

#define ENDPOINT "sasl.oauthbearer.token.endpoint.url"
#define KEYTAB "sasl.kerberos.keytab"

#define PASSWORD_HINT "check the properties sasl.username, sasl.password and sasl.mechanism"

struct mechanism {
    const char *name;
    const char *feature; /* of librdkafka's build */
    const char *hint;    /* when a broker refuses */
};

static const struct mechanism mechanisms[] = {
    {"PLAIN", "sasl_plain", PASSWORD_HINT},
    {"SCRAM-SHA-256", "sasl_scram", PASSWORD_HINT},
    {"SCRAM-SHA-512", "sasl_scram", PASSWORD_HINT},
    {"OAUTHBEARER", "oidc",
     "check which issuer, audience, scope and claims the broker wants in a token, and the properties "
     "sasl.oauthbearer.* and sasl.mechanism"},
    {"GSSAPI", "sasl_gssapi",
     "check sasl.kerberos.principal, " KEYTAB ", sasl.kerberos.service.name and sasl.mechanism, that kinit (package "
     "krb5-user) gets a ticket with them, and that the package libsasl2-modules-gssapi-mit is installed"},
};

#define MECHANISMS (sizeof(mechanisms) / sizeof(*mechanisms))

/* Guards last_line: librdkafka's threads write it, the threads of workers read it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last_line[LINE_SIZE];

/* The features are words separated by commas, and none is a part of another that we ask for. */
static bool is_built_in(const rd_kafka_conf_t *conf, const struct mechanism *mechanism)
{
    return strstr(property_value(conf, "builtin.features").text, mechanism->feature);
}

static const struct mechanism *mechanism_of(const rd_kafka_conf_t *conf)
{
    struct property_value name = property_value(conf, "sasl.mechanism");

    for (size_t i = 0; i < MECHANISMS; i++)
        if (strcmp(mechanisms[i].name, name.text) == 0 && is_built_in(conf, &mechanisms[i]))
            return &mechanisms[i];
    return NULL;
}

static bool logs_in(const rd_kafka_conf_t *conf)
{
    return strncmp(property_value(conf, "security.protocol").text, "sasl_", strlen("sasl_")) == 0;
}

static int refuse_mechanism(const rd_kafka_conf_t *conf, struct error *error)
{
    cleanup(buffer_release) struct buffer names = {0};

    for (size_t i = 0; i < MECHANISMS; i++)
        if (is_built_in(conf, &mechanisms[i]))
            buffer_printf(&names, "%s%s", names.size ? ", " : "", mechanisms[i].name);
    error_set(error, ANT_SASL_INCOMPLETE, "this build does not know the SASL mechanism \"%s\"",
              property_value(conf, "sasl.mechanism").text);
    return error_hint(error, "set sasl.mechanism to one of %s", names.data);
}

static int check_oauthbearer(const rd_kafka_conf_t *conf, struct error *error)
{
    if (strcmp(property_value(conf, "sasl.oauthbearer.method").text, "oidc") == 0 ||
        strcmp(property_value(conf, "enable.sasl.oauthbearer.unsecure.jwt").text, "true") == 0)
        return 0;
    error_set(error, ANT_SASL_INCOMPLETE, "SASL OAUTHBEARER has no source of tokens");
    return error_hint(error, "set sasl.oauthbearer.method=oidc, " ENDPOINT ", sasl.oauthbearer.client.id and "
                             "sasl.oauthbearer.client.secret");
}

/* Librdkafka runs kinit to get tickets, unless the operator has configured that another program does. */
static int check_gssapi(const rd_kafka_conf_t *conf, struct error *error)
{
    struct property_value keytab = property_value(conf, KEYTAB);
    const char *path = strncmp(keytab.text, "FILE:", strlen("FILE:")) ? keytab.text : keytab.text + strlen("FILE:");

    if (strcmp(property_value(conf, "sasl.kerberos.min.time.before.relogin").text, "0") == 0 ||
        !strstr(property_value(conf, "sasl.kerberos.kinit.cmd").text, KEYTAB))
        return 0;
    if (!*path) {
        error_set(error, ANT_SASL_INCOMPLETE, "SASL GSSAPI, which is the default of sasl.mechanism, has no keytab");
        return error_hint(error, "set " KEYTAB " and sasl.kerberos.principal, or "
                                 "sasl.kerberos.min.time.before.relogin=0 where tickets are had without kinit, or "
                                 "another sasl.mechanism");
    }
    if (access(path, R_OK)) {
        error_set(error, ANT_SASL_INCOMPLETE, "SASL GSSAPI cannot read the keytab \"%s\": %m", path);
        return error_hint(error, "correct " KEYTAB ", and let this user read the file");
    }
    return 0;
}

int sasl_check(const rd_kafka_conf_t *conf, struct error *error)
{
    const struct mechanism *mechanism = mechanism_of(conf);

    if (!logs_in(conf))
        return 0;
    if (!mechanism)
        return refuse_mechanism(conf, error);
    if (strcmp(mechanism->name, "OAUTHBEARER") == 0)
        return check_oauthbearer(conf, error);
    return strcmp(mechanism->name, "GSSAPI") == 0 ? check_gssapi(conf, error) : 0;
}

void sasl_note_log(const char *text)
{
    if (!strstr(text, NO_ANSWER))
        return;
    pthread_mutex_lock(&lock);
    snprintf(last_line, sizeof(last_line), "%s", text);
    pthread_mutex_unlock(&lock);
}

/* The HTTP status with which an endpoint gave the reason; -1: there was no answer, 0: not known. The log has it at the
 * end of the line, in parentheses. */
static int status_of(const char *reason)
{
    char begin[REASON_COMPARED];
    const char *end;
    int status = 0;

    snprintf(begin, sizeof(begin), "%s", reason);
    pthread_mutex_lock(&lock);
    end = strrchr(last_line, '(');
    if (!end || !strstr(last_line, begin) || sscanf(end, "(%d)", &status) != 1)
        status = 0;
    pthread_mutex_unlock(&lock);
    return status;
}

bool sasl_lacks_token(const char *reason)
{
    return strncmp(reason, NO_TOKEN, strlen(NO_TOKEN)) == 0;
}

static int fail_without_token(const rd_kafka_conf_t *conf, const char *reason, struct error *error)
{
    struct property_value endpoint = property_value(conf, ENDPOINT);
    int status = status_of(reason);

    if (status < 0 && strstr(reason, "certificate")) {
        error_set(error, ANT_KAFKA_CERTIFICATE, "the certificate of the token endpoint %s is not accepted: %s",
                  endpoint.text, reason);
        return error_hint(error, "check the property https.ca.location, and that the certificate is valid today and "
                                 "names the host");
    }
    if (status < 0 || status >= 500) {
        error_set(error, ANT_TOKEN_UNAVAILABLE, "the token endpoint %s is unavailable: %s", endpoint.text, reason);
        return error_hint(error, "check that it runs, and the property " ENDPOINT);
    }
    if (status >= 400) {
        error_set(error, ANT_TOKEN_REFUSED, "the token endpoint %s refuses with HTTP status %d: %s", endpoint.text,
                  status, reason);
        return error_hint(error, "check the properties sasl.oauthbearer.client.id, sasl.oauthbearer.client.secret, "
                                 "sasl.oauthbearer.scope and " ENDPOINT);
    }
    error_set(error, ANT_TOKEN_REFUSED, "no token for Kafka from %s: %s", endpoint.text, reason);
    return error_hint(error,
                      "check the clock, the properties sasl.oauthbearer.*, and that the endpoint issues JSON Web "
                      "Tokens");
}

int sasl_refusal(const rd_kafka_conf_t *conf, const char *reason, struct error *error)
{
    const struct mechanism *mechanism = mechanism_of(conf);

    if (sasl_lacks_token(reason))
        return fail_without_token(conf, reason + strlen(NO_TOKEN), error);
    error_set(error, ANT_KAFKA_REFUSED, "%s", reason);
    return error_hint(error, "%s", mechanism ? mechanism->hint : PASSWORD_HINT);
}

bool sasl_waits_for_token(const rd_kafka_conf_t *conf, struct error *error)
{
    if (!logs_in(conf) || strcmp(property_value(conf, "sasl.mechanism").text, "OAUTHBEARER") != 0)
        return false;
    error_set(error, ANT_TOKEN_UNAVAILABLE,
              "no token for Kafka: the token endpoint %s does not answer, or with temporary errors only",
              property_value(conf, ENDPOINT).text);
    error_hint(error, "check that it runs, and the property " ENDPOINT);
    return true;
}
