/* JDBC addresses in libpq's words, and where the password comes from. */
#include "config/jdbc.h"

#include <unistd.h>

#include "unit.h"

static struct error error;

/* Parses and joins: "host=a port=5432 ", in the order of the keywords, without what each JDBC address has: GSSAPI is
 * off, and a database that is not named is that of the user. NULL when it was refused. */
static const char *translate(const char *uri)
{
    static char text[1024];
    struct jdbc_address address;

    if (jdbc_parse(uri, &address, &error))
        return NULL;
    text[0] = '\0';
    for (size_t i = 0; i < address.count; i++)
        if (*address.values[i] && strcmp(address.values[i], "disable") != 0)
            sprintf(text + strlen(text), "%s%s=%s", *text ? " " : "", address.keywords[i], address.values[i]);
    jdbc_release(&address);
    return text;
}

static void becomes(const char *uri, const char *expected)
{
    const char *text = translate(uri);

    if (!text)
        fail_msg("%s: %s", uri, error.message);
    assert_string_equal(text, expected);
}

static void refuses(const char *uri, const char *words)
{
    const char *text = translate(uri);

    if (text)
        fail_msg("%s became %s", uri, text);
    assert_int_equal(error.code, ANT_JDBC_INVALID);
    assert_error_says(error, words);
}

/* What the driver makes of more addresses than these, tests/integration/test_jdbc.py compares with the driver itself.
 */
static void test_hosts(void **state)
{
    (void)state;
    becomes("jdbc:postgresql://db.example:5433/telco", "host=db.example port=5433 dbname=telco");
    becomes("jdbc:postgresql://db/telco", "host=db port=5432 dbname=telco");
    becomes("jdbc:postgresql://db:5433/", "host=db port=5433");
    becomes("jdbc:postgresql:telco", "host=localhost port=5432 dbname=telco");
    becomes("jdbc:postgresql:", "host=localhost port=5432");
    becomes("jdbc:postgresql:///telco", "host=localhost port=5432 dbname=telco");
    becomes("jdbc:postgresql://:5433/telco", "host=localhost port=5433 dbname=telco");
    becomes("jdbc:postgresql://127.0.0.1:1/a", "host=127.0.0.1 port=1 dbname=a");
    becomes("jdbc:postgresql://a:1,b,c:3/x", "host=a,b,c port=1,5432,3 dbname=x");
    becomes("jdbc:postgresql://a,,b/x", "host=a,localhost,b port=5432,5432,5432 dbname=x");
    becomes("jdbc:postgresql://[::1]:5433/x", "host=::1 port=5433 dbname=x");
    becomes("jdbc:postgresql://[::1]/x", "host=::1 port=5432 dbname=x");
    becomes("jdbc:postgresql://::1:5433/x", "host=::1 port=5433 dbname=x");
    becomes("jdbc:postgresql://[fe80::1]:1,b:2/x", "host=fe80::1,b port=1,2 dbname=x");
    becomes("jdbc:postgresql://[fe80::1%eth0]:1/x", "host=fe80::1%eth0 port=1 dbname=x");
    becomes("jdbc:postgresql://h/x?port=5433", "host=h port=5433 dbname=x");
    becomes("jdbc:postgresql:?Host=a&PGDBNAME=b", "host=a port=5432 dbname=b");
    refuses("jdbc:postgresql://[::1/x", "in brackets is no IPv6 address");
    refuses("jdbc:postgresql://[::1]junk:5433/x", "in brackets is no IPv6 address");
    refuses("jdbc:postgresql://[::1]junk/x", "in brackets is no IPv6 address");
    refuses("jdbc:postgresql://[a]/x", "in brackets is no IPv6 address");
    refuses("jdbc:postgresql://[]/x", "in brackets is no IPv6 address");
    refuses("jdbc:postgresql:x?host=/tmp", "is no name and no address");
    refuses("jdbc:postgresql://,/x", "the list of hosts or ports is empty");
    refuses("jdbc:postgresql://db:5433", "no / follows the host");
    refuses("jdbc:postgresql://db:/telco", "the port is no number");
    refuses("jdbc:postgresql:/telco", "a single / precedes the database");
    refuses("jdbc:postgresql://db/a/b", "the database has a /");
    refuses("jdbc:postgresql:x?host=a,b", "differ in length");
}

static void test_properties(void **state)
{
    (void)state;
    becomes("jdbc:postgresql://h/d?user=me&password=pw", "host=h port=5432 dbname=d user=me password=pw");
    becomes("jdbc:postgresql://h/d?sslmode=require&sslrootcert=/ca.pem",
            "host=h port=5432 dbname=d sslmode=require sslrootcert=/ca.pem");
    becomes("jdbc:postgresql://h/d?connectTimeout=5", "host=h port=5432 dbname=d connect_timeout=5");
    becomes("jdbc:postgresql://h/d?loginTimeout=2.5", "host=h port=5432 dbname=d connect_timeout=3");
    becomes("jdbc:postgresql://h/d?loginTimeout=9&connectTimeout=5", "host=h port=5432 dbname=d connect_timeout=5");
    becomes("jdbc:postgresql://h/d?loginTimeout=9&connectTimeout=0", "host=h port=5432 dbname=d connect_timeout=9");
    becomes("jdbc:postgresql://h/d?kerberosServerName=pg", "host=h port=5432 dbname=d krbsrvname=pg");
    becomes("jdbc:postgresql://h/d?", "host=h port=5432 dbname=d");
    becomes("jdbc:postgresql://h/d?&", "host=h port=5432 dbname=d");
    becomes("jdbc:postgresql://h/d?user=a&user=b", "host=h port=5432 dbname=d user=b");
    becomes("jdbc:postgresql://a,b/d?targetServerType=preferPrimary",
            "host=a,b port=5432,5432 dbname=d target_session_attrs=read-write");
    becomes("jdbc:postgresql://h/d?currentSchema=a,%20b&options=-c+x.y%3D1",
            "host=h port=5432 dbname=d options=-c x.y=1 -csearch_path=a,\\ b");
}

static void test_tls(void **state)
{
    static const char *const full[] = {"ssl", "ssl=", "ssl=true", "ssl=True", "ssl=TRUE", "sslmode=VERIFY-FULL"};

    (void)state;
    for (size_t i = 0; i < sizeof(full) / sizeof(*full); i++) {
        char uri[64];

        snprintf(uri, sizeof(uri), "jdbc:postgresql://h/d?%s", full[i]);
        becomes(uri, "host=h port=5432 dbname=d sslmode=verify-full");
    }
    becomes("jdbc:postgresql://h/d?ssl=false", "host=h port=5432 dbname=d");
    becomes("jdbc:postgresql://h/d?ssl=true&sslmode=require", "host=h port=5432 dbname=d sslmode=require");
    becomes("jdbc:postgresql://h/d?ssl=true&sslrootcert=/a&sslfactory=org.postgresql.ssl.NonValidatingFactory",
            "host=h port=5432 dbname=d sslmode=require");
    refuses("jdbc:postgresql://h/d?sslmode=yes", "unknown value of sslmode");
    refuses("jdbc:postgresql://h/d?sslfactory=com.example.Factory", "sslfactory is a class");
}

/* The service says what the address leaves open. */
static void test_a_service(void **state)
{
    (void)state;
    becomes("jdbc:postgresql:?service=billing", "service=billing");
    becomes("jdbc:postgresql://h/?service=billing", "host=h port=5432 service=billing");
    becomes("jdbc:postgresql:d?service=billing", "dbname=d service=billing");
}

static void test_properties_of_java_are_ignored(void **state)
{
    (void)state;
    becomes("jdbc:postgresql://h/d?reWriteBatchedInserts=true&stringtype=unspecified&prepareThreshold=0",
            "host=h port=5432 dbname=d");
}

static void test_escapes(void **state)
{
    (void)state;
    becomes("jdbc:postgresql://h/my%20db?password=a%26b%3Dc%25", "host=h port=5432 dbname=my db password=a&b=c%");
    becomes("jdbc:postgresql://h/my+db?password=a+b%2Bc", "host=h port=5432 dbname=my db password=a b+c");
    becomes("jdbc:postgresql://h/d?password=p%C3%a4ss", "host=h port=5432 dbname=d password=p\xc3\xa4ss");
    becomes("jdbc:postgresql://h/d?password=a=b", "host=h port=5432 dbname=d password=a=b");
    becomes("jdbc:postgresql://h/host=x", "host=h port=5432 dbname=host=x");
    refuses("jdbc:postgresql://h/d?password=%zz", "broken %-escape in password");
    refuses("jdbc:postgresql://h/d?password=%4", "broken %-escape");
    refuses("jdbc:postgresql://h/d?password=%ff", "broken %-escape");
    refuses("jdbc:postgresql://h/d%00x", "broken %-escape in PGDBNAME");
}

static void test_libpq_reads_its_own_addresses(void **state)
{
    (void)state;
    becomes("postgresql://h:1/d?sslmode=require", "dbname=d host=h port=1 sslmode=require");
    becomes("postgres://me:a%20b@h/d", "user=me password=a b dbname=d host=h");
    becomes("host=h dbname='a b'", "dbname=a b host=h");
    refuses("host=h nonsense=geheim", "invalid connection option");
    assert_null(strstr(error.message, "geheim"));
    refuses("postgresql://h/d?password=%zz", "invalid percent-encoded token");
}

static void test_refused(void **state)
{
    (void)state;
    refuses("jdbc:mysql://h/d", "neither a JDBC nor a libpq address");
    refuses("jdbc:mysql://h/d?user=me", "jdbc:postgresql://host:port/database");
    refuses("localhost", "neither a JDBC nor a libpq address");
    refuses("", "neither");
    refuses("jdbc:postgresql://h/d?sslMode=require", "unknown property \"sslMode\"");
    assert_error_says(error, "did you mean sslmode?");
    refuses("jdbc:postgresql://h/d?useUnicode=true", "unknown property \"useUnicode\"");
    refuses("jdbc:postgresql://h/d?target_session_attrs=any", "give a libpq URI");
    refuses("jdbc:postgresql://h/d?application_name=x", "did you mean ApplicationName?");
    refuses("jdbc:postgresql://h/d?readOnly=true", "readOnly lets no job write");
    refuses("jdbc:postgresql://h/d?replication=database", "replication cannot be honoured");
    /* what is refused may hold a password */
    refuses("jdbc:postgresql://h/d?passwort=geheim", "passwort");
    assert_null(strstr(error.message, "geheim"));
    refuses("jdbc:postgresql://u:geheim@h/d", "precedes an @");
    assert_null(strstr(error.message, "geheim"));
}

static int from_config(const char *password, const char *file, struct jdbc_address *ret_address)
{
    char texts[4][256], *arguments[4] = {texts[0], texts[1], texts[2], texts[3]};
    cleanup(config_cleanup) struct config *config = NULL;

    snprintf(texts[0], 256, "jdbc:postgresql://h/d?user=other");
    snprintf(texts[1], 256, "me");
    snprintf(texts[2], 256, "%s", password);
    snprintf(texts[3], 256, "--password-file=%s", file ? file : "");
    if (config_load(COMMAND_PROVISION, file ? 4 : 3, arguments, &config, &error))
        fail_msg("%s", error.message);
    return jdbc_from_config(config, ret_address, &error);
}

static void test_user_and_password_of_the_command(void **state)
{
    struct jdbc_address address;

    (void)state;
    assert_int_equal(from_config("pw", NULL, &address), 0);
    assert_string_equal(jdbc_get(&address, "user"), "me");
    assert_string_equal(jdbc_get(&address, "password"), "pw");
    jdbc_release(&address);
    /* left to libpq: PGPASSWORD, ~/.pgpass */
    assert_int_equal(from_config("-", NULL, &address), 0);
    assert_null(jdbc_get(&address, "password"));
    jdbc_release(&address);
}

static void test_password_file(void **state)
{
    struct jdbc_address address;
    char path[32];

    (void)state;
    write_temporary(path, "from file\r\nmore\n", 16);
    assert_int_equal(from_config("-", path, &address), 0);
    assert_string_equal(jdbc_get(&address, "password"), "from file");
    jdbc_release(&address);
    /* an argument is closer to the user than a file */
    assert_int_equal(from_config("pw", path, &address), 0);
    assert_string_equal(jdbc_get(&address, "password"), "pw");
    jdbc_release(&address);
    unlink(path);
    assert_int_equal(from_config("-", path, &address), -1);
    assert_int_equal(error.code, ANT_PASSWORD_FILE);
    assert_error_says(error, "could not open the password file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_a_service),
        cmocka_unit_test(test_properties_of_java_are_ignored),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_libpq_reads_its_own_addresses),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_user_and_password_of_the_command),
        cmocka_unit_test(test_password_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
