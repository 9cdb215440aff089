/* The client for questions: what librdkafka reports to it while a job runs does not pile up. */
#include "base/time.h"
#include "kafka/client.h"
#include "unit.h"

#define PATIENCE_MS 20000

/* Nobody listens at port 1: each attempt to connect is reported. */
static void test_reports_do_not_pile_up(void **state)
{
    char words[][32] = {"--kafka-server", "127.0.0.1:1"};
    char *list[] = {words[0], words[1], NULL};
    struct config *config = NULL;
    struct error error;
    rd_kafka_t *client;
    int64_t deadline = time_monotonic_ms() + PATIENCE_MS;

    (void)state;
    clearenv();
    assert_int_equal(config_read(COMMAND_SPEED, 2, list, &config, &error), 0);
    assert_int_equal(kafka_open_metadata_client(config, &client, &error), 0);
    while (rd_kafka_outq_len(client) == 0 && time_monotonic_ms() < deadline)
        time_sleep_ms(10);
    assert_true(rd_kafka_outq_len(client) > 0);
    do /* one more may come at any time */
        kafka_discard_events(client);
    while (rd_kafka_outq_len(client) > 0 && time_monotonic_ms() < deadline);
    assert_int_equal(rd_kafka_outq_len(client), 0);
    rd_kafka_destroy(client);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reports_do_not_pile_up)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
