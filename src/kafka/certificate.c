#include "kafka/certificate.h"

#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PLACE_SIZE 300

/* OpenSSL's words for a handshake that ended for a certificate. */
#define REJECTED "certificate verify failed"

/* Guards the last rejection: librdkafka's threads write it, the threads of workers read it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last_place[PLACE_SIZE]; /* how librdkafka's texts name the broker: //host:port/ */
static int last_error = X509_V_OK;

int certificate_checked(rd_kafka_t *client, const char *broker, int32_t broker_id, int *x509_error, int depth,
                        const char *data, size_t size, char *reason, size_t reason_size, void *context)
{
    (void)client;
    (void)broker_id;
    (void)depth;
    (void)data;
    (void)size;
    (void)context;
    if (*x509_error == X509_V_OK)
        return 1;
    snprintf(reason, reason_size, "%s", X509_verify_cert_error_string(*x509_error));
    pthread_mutex_lock(&lock);
    snprintf(last_place, sizeof(last_place), "//%s/", broker);
    last_error = *x509_error;
    pthread_mutex_unlock(&lock);
    return 0;
}

const char *certificate_reason(const char *refusal)
{
    const char *reason = NULL;

    pthread_mutex_lock(&lock);
    if (last_error != X509_V_OK && strstr(refusal, REJECTED) && strstr(refusal, last_place))
        reason = X509_verify_cert_error_string(last_error);
    pthread_mutex_unlock(&lock);
    return reason;
}
