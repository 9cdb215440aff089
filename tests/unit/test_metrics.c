/* The table of metrics, its text, histograms, addresses to listen on, and when the speed layer is alive and ready. */
#include <arpa/inet.h>

#include "base/memory.h"
#include "metrics/address.h"
#include "metrics/exposition.h"
#include "speed/metrics.h"

#include "unit.h"

static void test_names_are_different(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_IDS; i++) {
        assert_non_null(metric_table[i].name);
        assert_non_null(metric_table[i].help);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(metric_table[i].name, metric_table[j].name);
    }
}

static void test_hostile_labels_are_escaped(void **state)
{
    const struct label labels[] = {{"topic", "a\"} 1\n# \\n\xc3\xa9"}, {"reason", ""}, {NULL, NULL}};
    cleanup(buffer_release) struct buffer text = {0};

    (void)state;
    exposition_count(&text, METRIC_MESSAGES_REJECTED, labels, -7);
    assert_string_equal(text.data,
                        "antenna_messages_rejected_total{topic=\"a\\\"} 1\\n# \\\\n\xc3\xa9\",reason=\"\"} -7\n");
}

static void test_a_metric_has_help_and_type(void **state)
{
    cleanup(buffer_release) struct buffer text = {0};

    (void)state;
    exposition_single(&text, METRIC_WORKERS, 2);
    assert_string_equal(text.data,
                        "# HELP antenna_workers Worker threads.\n# TYPE antenna_workers gauge\nantenna_workers 2\n");
}

static void test_numbers_lose_nothing(void **state)
{
    cleanup(buffer_release) struct buffer text = {0};

    (void)state;
    exposition_number(&text, METRIC_PROCESS_CPU, NULL, 0.1);
    exposition_count(&text, METRIC_BYTES, NULL, INT64_MAX);
    assert_string_equal(text.data, "process_cpu_seconds_total 0.10000000000000001\n"
                                   "antenna_bytes_total 9223372036854775807\n");
}

static void test_buckets_add_up(void **state)
{
    static struct histogram one, two;
    struct histogram_figures figures = {0};
    cleanup(buffer_release) struct buffer text = {0};

    (void)state;
    histogram_add(&one, 0);
    histogram_add(&one, 1000);
    histogram_add(&one, 1001);
    histogram_add(&two, 300000000);
    histogram_add(&two, 300000001);
    histogram_sum(&one, &figures);
    histogram_sum(&two, &figures);
    assert_int_equal(figures.counts[0], 2);
    assert_int_equal(figures.counts[1], 1);
    assert_int_equal(figures.counts[HISTOGRAM_BOUNDS - 1], 1);
    assert_int_equal(figures.counts[HISTOGRAM_BOUNDS], 1);
    exposition_histogram(&text, METRIC_COMMIT_DURATION, &figures);
    assert_non_null(strstr(text.data, "\nantenna_commit_duration_seconds_bucket{le=\"0.001\"} 2\n"));
    assert_non_null(strstr(text.data, "_bucket{le=\"0.002\"} 3\n"));
    assert_non_null(strstr(text.data, "_bucket{le=\"60\"} 3\n"));
    assert_non_null(strstr(text.data, "_bucket{le=\"300\"} 4\n"));
    assert_non_null(strstr(text.data, "_bucket{le=\"+Inf\"} 5\n"));
    assert_non_null(strstr(text.data, "_sum 600.002002\n"));
    assert_non_null(strstr(text.data, "_count 5\n"));
}

static void listens_on(const char *text, int family, const char *host, int port)
{
    struct addrinfo *address;
    struct error error;
    char found[INET6_ADDRSTRLEN];

    if (address_parse(text, &address, &error))
        fail_msg("%s: %s", text, error.message);
    assert_int_equal(address->ai_family, family);
    if (family == AF_INET) {
        const struct sockaddr_in *socket = (const void *)address->ai_addr;

        assert_non_null(inet_ntop(family, &socket->sin_addr, found, sizeof(found)));
        assert_int_equal(ntohs(socket->sin_port), port);
    } else {
        const struct sockaddr_in6 *socket = (const void *)address->ai_addr;

        assert_non_null(inet_ntop(family, &socket->sin6_addr, found, sizeof(found)));
        assert_int_equal(ntohs(socket->sin6_port), port);
    }
    assert_string_equal(found, host);
    freeaddrinfo(address);
}

static void test_addresses(void **state)
{
    (void)state;
    listens_on("9187", AF_INET, "127.0.0.1", 9187);
    listens_on("0", AF_INET, "127.0.0.1", 0);
    listens_on("127.0.0.2:80", AF_INET, "127.0.0.2", 80);
    listens_on("0.0.0.0:65535", AF_INET, "0.0.0.0", 65535);
    listens_on("[::1]:9187", AF_INET6, "::1", 9187);
    listens_on("[::]:9187", AF_INET6, "::", 9187);
    listens_on(":9187", AF_INET, "0.0.0.0", 9187);
}

static void test_no_addresses(void **state)
{
    static const char *const texts[] = {"",       ":",     ":x",  "65536",    "-1",    "+1",           "http",
                                        "host",   "host:", "::1", "::1:9187", "[::1]", "[::1]9187",    "[]:1",
                                        "[::1:1", "a:1:1", "1.5", "host:1x",  " 9187", "127.0.0.1:-1", "host:99999"};
    struct addrinfo *address;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (address_parse(texts[i], &address, &error) == 0)
            fail_msg("accepted \"%s\"", texts[i]);
        assert_int_equal(error.code, ANT_VALUE_INVALID);
        assert_error_says(error, "give HOST:PORT");
    }
}

#define NOW 1000000

/* Two workers that posted at these times, the second with a reason. */
static struct speed_metrics workers_that_posted(int64_t first_ms, int64_t second_ms, const char *reason)
{
    struct speed_metrics metrics = {.workers = memory_new(2, sizeof(struct worker)), .count = 2};

    for (int i = 0; i < 2; i++)
        worker_init(&metrics.workers[i], NULL, i + 1, NULL);
    metrics.workers[0].posted.snapshot.posted_ms = first_ms;
    metrics.workers[1].posted.snapshot.posted_ms = second_ms;
    strcpy(metrics.workers[1].posted.snapshot.reason, reason);
    return metrics;
}

static void release(struct speed_metrics *metrics)
{
    worker_release(&metrics->workers[0]);
    worker_release(&metrics->workers[1]);
    free(metrics->workers);
}

static void test_alive_and_ready(void **state)
{
    struct speed_metrics metrics = workers_that_posted(NOW, NOW - READY_MS + 1, "");
    cleanup(buffer_release) struct buffer reason = {0};

    (void)state;
    assert_true(speed_is_alive(&metrics, NOW, &reason));
    assert_true(speed_is_ready(&metrics, NOW, &reason));
    assert_int_equal(reason.size, 0);
    release(&metrics);
}

static void is_not_ready(struct speed_metrics metrics, const char *why)
{
    cleanup(buffer_release) struct buffer reason = {0};

    assert_false(speed_is_ready(&metrics, NOW, &reason));
    assert_string_equal(reason.data, why);
    buffer_clear(&reason);
    assert_true(speed_is_alive(&metrics, NOW, &reason));
    release(&metrics);
}

static void test_not_ready(void **state)
{
    (void)state;
    is_not_ready(workers_that_posted(NOW, NOW, "worker 2 waits: x"), "worker 2 waits: x");
    is_not_ready(workers_that_posted(0, NOW, ""), "worker 1 is starting");
    is_not_ready(workers_that_posted(NOW, NOW - READY_MS, ""),
                 "worker 2 has waited for 5 s for Kafka, PostgreSQL or the disk");
}

static void test_not_alive(void **state)
{
    struct speed_metrics metrics = workers_that_posted(NOW - ALIVE_MS, NOW, "");
    cleanup(buffer_release) struct buffer reason = {0};

    (void)state;
    assert_false(speed_is_alive(&metrics, NOW, &reason));
    assert_string_equal(reason.data, "worker 1 has not come round for 300 s");
    release(&metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_different),
        cmocka_unit_test(test_hostile_labels_are_escaped),
        cmocka_unit_test(test_a_metric_has_help_and_type),
        cmocka_unit_test(test_numbers_lose_nothing),
        cmocka_unit_test(test_buckets_add_up),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_no_addresses),
        cmocka_unit_test(test_alive_and_ready),
        cmocka_unit_test(test_not_ready),
        cmocka_unit_test(test_not_alive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
