/* kafka/certificate: a reason is reported with the error that it explains, and with no other. */
#include "kafka/certificate.h"

#include <openssl/x509_vfy.h>

#include "unit.h"

#define A "broker-a:9093"
#define B "broker-b:9093"
#define VERIFY ": SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate …"
#define EXPIRED "certificate has expired"

#define CHECKS_MAX 3

static const struct {
    struct {
        const char *broker; /* NULL: no more */
        int x509_error;
    } checks[CHECKS_MAX];
    const char *refusal;
    const char *reason; /* NULL: none */
} rows[] = {
    {{{NULL, 0}}, "ssl://" A "/bootstrap" VERIFY, NULL},
    {{{A, X509_V_OK}}, "ssl://" A "/bootstrap" VERIFY, NULL},
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}}, "ssl://" A "/bootstrap" VERIFY, EXPIRED},
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}}, "sasl_ssl://" A "/1" VERIFY, EXPIRED},
    /* It is reported as often as it happens. */
    {{{NULL, 0}}, "sasl_ssl://" A "/1" VERIFY, EXPIRED},
    /* Another failure of the same broker. */
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}}, "ssl://" A "/1: SSL handshake failed: wrong version number", NULL},
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}}, "ssl://" A "/1: SSL_read: tlsv13 alert certificate required", NULL},
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}}, "ssl://" A "/1: SSL handshake failed: Disconnected", NULL},
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}, {A, X509_V_OK}}, "ssl://" A "/1: SSL handshake failed: no cipher", NULL},
    /* Another broker, among them one whose name ends alike. */
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}}, "ssl://" B "/2" VERIFY, NULL},
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}}, "ssl://" B "/2: SSL handshake failed: wrong version number", NULL},
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}}, "ssl://my-" A "/2" VERIFY, NULL},
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}}, "ssl://" A "3/2" VERIFY, NULL},
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}, {B, X509_V_ERR_HOSTNAME_MISMATCH}}, "ssl://" A "/1" VERIFY, NULL},
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}, {B, X509_V_OK}}, "ssl://" A "/1" VERIFY, EXPIRED},
    /* The same broker, with another certificate. */
    {{{A, X509_V_ERR_CERT_HAS_EXPIRED}, {A, X509_V_OK}, {A, X509_V_ERR_HOSTNAME_MISMATCH}},
     "ssl://" A "/1" VERIFY,
     "hostname mismatch"},
};

static void test_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *reason;

        for (size_t j = 0; j < CHECKS_MAX && rows[i].checks[j].broker; j++) {
            int x509_error = rows[i].checks[j].x509_error;
            char said[100] = "";

            assert_int_equal(
                certificate_checked(NULL, rows[i].checks[j].broker, 1, &x509_error, 0, "", 0, said, sizeof(said), NULL),
                x509_error == X509_V_OK);
            assert_int_equal(x509_error, rows[i].checks[j].x509_error);
        }
        reason = certificate_reason(rows[i].refusal);
        if (rows[i].reason ? !reason || strcmp(reason, rows[i].reason) != 0 : reason != NULL)
            fail_msg("row %zu, \"%s\": \"%s\"", i, rows[i].refusal, reason ? reason : "no reason");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reasons)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
