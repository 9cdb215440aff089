/* base/address: what stays on this machine. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/address.h"

static bool is_local(int family, const char *text)
{
    struct sockaddr_storage storage = {.ss_family = (sa_family_t)family};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (family == AF_INET) {
        assert_int_equal(inet_pton(family, text, &v4.sin_addr), 1);
        memcpy(&storage, &v4, sizeof(v4));
    } else if (family == AF_INET6) {
        assert_int_equal(inet_pton(family, text, &v6.sin6_addr), 1);
        memcpy(&storage, &v6, sizeof(v6));
    }
    return address_is_local(&storage);
}

static void test_local(void **state)
{
    (void)state;
    assert_true(is_local(AF_INET, "127.0.0.1"));
    assert_true(is_local(AF_INET, "127.255.0.9"));
    assert_true(is_local(AF_INET6, "::1"));
    assert_true(is_local(AF_INET6, "::ffff:127.0.0.1"));
    assert_true(is_local(AF_UNIX, NULL));
}

static void test_not_local(void **state)
{
    (void)state;
    assert_false(is_local(AF_INET, "128.0.0.1"));
    assert_false(is_local(AF_INET, "10.127.0.0"));
    assert_false(is_local(AF_INET6, "::ffff:10.0.0.1"));
    assert_false(is_local(AF_INET6, "fe80::1"));
    assert_false(is_local(AF_UNSPEC, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_not_local),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
