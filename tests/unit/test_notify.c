/* What the service manager is told, received on a socket of the test's own. */
#include "base/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/time.h"
#include "unit.h"

#define ABSTRACT_NAME "@antenna-test-notify"

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    assert_int_equal(
        bind(file, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))), 0);
    setenv("NOTIFY_SOCKET", path, 1);
    return file;
}

static void assert_received(int file, const char *expected)
{
    char text[2048];
    ssize_t size = recv(file, text, sizeof(text) - 1, 0);

    assert_true(size >= 0);
    text[size] = '\0';
    assert_string_equal(text, expected);
}

static void assert_nothing_received(int file)
{
    char text[1];

    assert_int_equal(recv(file, text, sizeof(text), 0), -1);
}

static int forget_manager(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

static void test_nothing_is_sent_without_a_manager(void **state)
{
    (void)state;
    setenv("WATCHDOG_USEC", "1000000", 1);
    assert_false(notify_wanted());
    assert_int_equal(notify_alive_interval_ms(), 0);
    notify_send("READY=1");
}

static void test_a_path_and_an_abstract_name(void **state)
{
    char folder[] = "/tmp/antenna-test-XXXXXX", path[64];
    const char *names[] = {path, ABSTRACT_NAME};

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/notify", folder);
    for (int i = 0; i < 2; i++) {
        int file = listen_at(names[i]);

        assert_true(notify_wanted());
        notify_send("READY=1\nSTATUS=%d messages", 7);
        assert_received(file, "READY=1\nSTATUS=7 messages");
        close(file);
    }
    unlink(path);
    rmdir(folder);
}

static void test_missing_manager_stops_nothing(void **state)
{
    char path[200];

    (void)state;
    setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
    notify_send("READY=1");
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    setenv("NOTIFY_SOCKET", path, 1);
    notify_send("READY=1");
}

/* A manager that does not read has room for some messages only: what was not taken is to be sent again. */
static void test_a_manager_that_is_busy(void **state)
{
    int file = listen_at(ABSTRACT_NAME), sent = 0;

    (void)state;
    while (notify_send("STATUS=%d", sent))
        assert_in_range(sent++, 0, 100000);
    assert_false(notify_send("READY=1"));
    for (int i = 0; i < sent; i++) {
        char text[32];

        snprintf(text, sizeof(text), "STATUS=%d", i);
        assert_received(file, text);
    }
    assert_true(notify_send("READY=1"));
    assert_received(file, "READY=1");
    close(file);
}

static void test_the_interval_is_a_quarter_of_the_watchdogs(void **state)
{
    char process[32];

    (void)state;
    setenv("NOTIFY_SOCKET", ABSTRACT_NAME, 1);
    assert_int_equal(notify_alive_interval_ms(), 0);
    setenv("WATCHDOG_USEC", "600000000", 1);
    assert_int_equal(notify_alive_interval_ms(), 150000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(notify_alive_interval_ms(), 0);
    snprintf(process, sizeof(process), "%ld", (long)getpid());
    setenv("WATCHDOG_PID", process, 1);
    assert_int_equal(notify_alive_interval_ms(), 150000);
}

static void test_alive_is_sent_once_in_an_interval(void **state)
{
    int file = listen_at(ABSTRACT_NAME);
    int64_t begin;

    (void)state;
    notify_alive();
    assert_nothing_received(file);
    setenv("WATCHDOG_USEC", "4000000", 1);
    begin = time_monotonic_ms();
    notify_alive();
    assert_received(file, "WATCHDOG=1");
    notify_alive();
    if (time_monotonic_ms() < begin + 1000)
        assert_nothing_received(file);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_nothing_is_sent_without_a_manager, forget_manager),
        cmocka_unit_test_teardown(test_a_path_and_an_abstract_name, forget_manager),
        cmocka_unit_test_teardown(test_missing_manager_stops_nothing, forget_manager),
        cmocka_unit_test_teardown(test_a_manager_that_is_busy, forget_manager),
        cmocka_unit_test_teardown(test_the_interval_is_a_quarter_of_the_watchdogs, forget_manager),
        cmocka_unit_test_teardown(test_alive_is_sent_once_in_an_interval, forget_manager),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
