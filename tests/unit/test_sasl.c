/* Logins to Kafka that cannot be tried: refused before any broker is asked, with what would do. */
#include "kafka/sasl.h"

#include <string.h>

#include "unit.h"

static const struct {
    const char *properties; /* separated by blanks */
    const char *said[4];    /* in message or hint; none: it is accepted */
} cases[] = {
    {"sasl.mechanism=NONSENSE", {NULL}}, /* no login */
    {"security.protocol=ssl sasl.mechanism=NONSENSE", {NULL}},
    {"security.protocol=sasl_ssl sasl.mechanism=PLAIN", {NULL}},
    {"security.protocol=SASL_SSL sasl.mechanism=SCRAM-SHA-256", {NULL}},
    {"security.protocol=sasl_plaintext sasl.mechanism=SCRAM-SHA-512", {NULL}},
    {"security.protocol=sasl_ssl sasl.mechanism=SCRAM-SHA-1", {"\"SCRAM-SHA-1\"", "SCRAM-SHA-256"}},
    {"security.protocol=sasl_ssl sasl.mechanism=DIGEST-MD5",
     {"\"DIGEST-MD5\"", "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, GSSAPI"}},
    {"security.protocol=sasl_ssl sasl.mechanism=AWS_MSK_IAM", {"\"AWS_MSK_IAM\"", "sasl.mechanism"}},
    {"security.protocol=sasl_ssl sasl.mechanism=plain", {"\"plain\"", "PLAIN"}},
    {"security.protocol=sasl_ssl", {"GSSAPI", "the default", "another sasl.mechanism"}},
    {"security.protocol=sasl_ssl sasl.mechanism=GSSAPI", {"no keytab", "sasl.kerberos.keytab"}},
    {"security.protocol=sasl_ssl sasl.mechanism=GSSAPI sasl.kerberos.keytab=/nowhere/x", {"\"/nowhere/x\"", "No such"}},
    {"security.protocol=sasl_ssl sasl.mechanism=GSSAPI sasl.kerberos.keytab=FILE:/nowhere/x", {"\"/nowhere/x\""}},
    {"security.protocol=sasl_ssl sasl.mechanism=GSSAPI sasl.kerberos.keytab=/dev/null", {NULL}},
    {"security.protocol=sasl_ssl sasl.mechanism=GSSAPI sasl.kerberos.min.time.before.relogin=0", {NULL}},
    {"security.protocol=sasl_ssl sasl.mechanism=GSSAPI sasl.kerberos.kinit.cmd=true", {NULL}},
    {"security.protocol=sasl_ssl sasl.mechanism=OAUTHBEARER", {"no source of tokens", "sasl.oauthbearer.method=oidc"}},
    {"security.protocol=sasl_ssl sasl.mechanism=OAUTHBEARER sasl.oauthbearer.method=oidc", {NULL}},
    {"security.protocol=sasl_ssl sasl.mechanism=OAUTHBEARER enable.sasl.oauthbearer.unsecure.jwt=true", {NULL}},
};

static rd_kafka_conf_t *configure(const char *properties)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512], reason[512];

    snprintf(text, sizeof(text), "%s", properties);
    for (char *rest = text, *word; (word = strsep(&rest, " "));) {
        char *value = strchr(word, '=');

        *value++ = '\0';
        if (rd_kafka_conf_set(conf, word, value, reason, sizeof(reason)))
            fail_msg("%s", reason);
    }
    return conf;
}

static void test_logins_that_cannot_be_tried(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        rd_kafka_conf_t *conf = configure(cases[i].properties);
        struct error error = {0};
        int status = sasl_check(conf, &error);

        if ((status == 0) != (cases[i].said[0] == NULL))
            fail_msg("%s: %s", cases[i].properties, error.message);
        if (status)
            assert_int_equal(error.code, ANT_SASL_INCOMPLETE);
        for (const char *const *word = cases[i].said; *word; word++)
            assert_error_says(error, *word);
        rd_kafka_conf_destroy(conf);
    }
}

/* As librdkafka writes its log and its errors, of an endpoint at which nobody asks. */
static void test_answers_of_a_token_endpoint(void **state)
{
    static const struct {
        const char *line, *reason;
        enum error_code code;
        const char *said;
    } answers[] = {
        {"[thrd:x]: Failed to retrieve OIDC token from \"u\": no (way) (401)", "no (way)", ANT_TOKEN_REFUSED,
         "status 401"},
        {"[thrd:x]: Failed to retrieve JWT token from \"u\": no (403)", "no", ANT_TOKEN_REFUSED, "status 403"},
        {"[thrd:x]: Failed to retrieve OIDC token from \"u\": later (503)", "later", ANT_TOKEN_UNAVAILABLE,
         "unavailable"},
        {"[thrd:x]: Failed to retrieve OIDC token from \"u\": down (-1)", "down", ANT_TOKEN_UNAVAILABLE, "unavailable"},
        {"[thrd:x]: Failed to retrieve OIDC token from \"u\": SSL certificate problem (-1)", "SSL certificate problem",
         ANT_KAFKA_CERTIFICATE, "not accepted"},
        {"[thrd:x]: Failed to retrieve OIDC token from \"u\": a long page that was cut", "a long page that was cut",
         ANT_TOKEN_REFUSED, "a long page"},
        {"[thrd:x]: something else (-1)", "Expected JSON", ANT_TOKEN_REFUSED, "no token"},
    };
    rd_kafka_conf_t *conf = configure("sasl.oauthbearer.token.endpoint.url=https://tokens.example/");

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct error error = {0};
        char reason[256];

        sasl_note_log(answers[i].line);
        snprintf(reason, sizeof(reason), "Failed to acquire SASL OAUTHBEARER token: %s", answers[i].reason);
        assert_true(sasl_lacks_token(reason));
        assert_int_equal(sasl_refusal(conf, reason, &error), -1);
        assert_int_equal(error.code, answers[i].code);
        assert_error_says(error, answers[i].said);
        assert_error_says(error, "https://tokens.example/");
        assert_error_says(error, answers[i].reason);
    }
    rd_kafka_conf_destroy(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logins_that_cannot_be_tried),
        cmocka_unit_test(test_answers_of_a_token_endpoint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
