/* JDBC addresses in libpq's words, and where the password comes from. */
#include "config/jdbc.h"

#include <unistd.h>

#include "unit.h"

static struct error error;

/* Parses and joins: "host=a port=5432 ", in the order of the keywords. NULL when it was refused. */
static const char *translate(const char *uri)
{
    static char text[1024];
    struct jdbc_address address;

    if (jdbc_parse(uri, &address, &error))
        return NULL;
    text[0] = '\0';
    for (size_t i = 0; i < address.count; i++)
        sprintf(text + strlen(text), "%s%s=%s", i ? " " : "", address.keywords[i], address.values[i]);
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
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_error_says(error, words);
}

static void test_hosts(void **state)
{
    (void)state;
    becomes("jdbc:postgresql://db.example:5433/telco", "host=db.example port=5433 dbname=telco");
    becomes("jdbc:postgresql://db/telco", "host=db port=5432 dbname=telco");
    becomes("jdbc:postgresql://db:5433/", "host=db port=5433");
    becomes("jdbc:postgresql://db:5433", "host=db port=5433");
    becomes("jdbc:postgresql://db:/telco", "host=db port=5432 dbname=telco");
    becomes("jdbc:postgresql:telco", "host=localhost port=5432 dbname=telco");
    becomes("jdbc:postgresql:/telco", "host=localhost port=5432 dbname=telco");
    becomes("jdbc:postgresql:", "host=localhost port=5432");
    becomes("jdbc:postgresql:///telco", "host=localhost port=5432 dbname=telco");
    becomes("jdbc:postgresql://:5433/telco", "host=localhost port=5433 dbname=telco");
    becomes("jdbc:postgresql://127.0.0.1:1/a", "host=127.0.0.1 port=1 dbname=a");
    becomes("jdbc:postgresql://a:1,b,c:3/x", "host=a,b,c port=1,5432,3 dbname=x");
    becomes("jdbc:postgresql://[::1]:5433/x", "host=::1 port=5433 dbname=x");
    becomes("jdbc:postgresql://[::1]/x", "host=::1 port=5432 dbname=x");
    becomes("jdbc:postgresql://[fe80::1]:1,b:2/x", "host=fe80::1,b port=1,2 dbname=x");
    refuses("jdbc:postgresql://[::1/x", "[ without ]");
}

static void test_properties(void **state)
{
    (void)state;
    becomes("jdbc:postgresql://h/d?user=me&password=pw", "host=h port=5432 dbname=d user=me password=pw");
    becomes("jdbc:postgresql://h/d?sslmode=require&sslrootcert=/ca.pem",
            "host=h port=5432 dbname=d sslmode=require sslrootcert=/ca.pem");
    becomes("jdbc:postgresql://h/d?ssl=true", "host=h port=5432 dbname=d sslmode=verify-full");
    becomes("jdbc:postgresql://h/d?ssl", "host=h port=5432 dbname=d sslmode=verify-full");
    becomes("jdbc:postgresql://h/d?ssl=false", "host=h port=5432 dbname=d");
    becomes("jdbc:postgresql://h/d?ssl=true&sslmode=require", "host=h port=5432 dbname=d sslmode=require");
    becomes("jdbc:postgresql://h/d?connectTimeout=5", "host=h port=5432 dbname=d connect_timeout=5");
    becomes("jdbc:postgresql://h/d?ApplicationName=x", "host=h port=5432 dbname=d application_name=x");
    becomes("jdbc:postgresql://h/d?currentSchema=telco", "host=h port=5432 dbname=d options=-csearch_path=telco");
    becomes("jdbc:postgresql://h/d?", "host=h port=5432 dbname=d");
    becomes("jdbc:postgresql://h/d?&", "host=h port=5432 dbname=d");
    becomes("jdbc:postgresql://h/d?user=a&user=b", "host=h port=5432 dbname=d user=b");
    becomes("jdbc:postgresql://h?user=me", "host=h port=5432 user=me");
}

static void test_what_concerns_java_is_left_out(void **state)
{
    (void)state;
    becomes("jdbc:postgresql://h/d?reWriteBatchedInserts=true&stringtype=unspecified&prepareThreshold=0",
            "host=h port=5432 dbname=d");
}

static void test_escapes(void **state)
{
    (void)state;
    becomes("jdbc:postgresql://h/my%20db?password=a%26b%3Dc%25", "host=h port=5432 dbname=my db password=a&b=c%");
    becomes("jdbc:postgresql://h/d?password=p%C3%a4ss", "host=h port=5432 dbname=d password=p\xc3\xa4ss");
    becomes("jdbc:postgresql://h/d?password=a=b", "host=h port=5432 dbname=d password=a=b");
    refuses("jdbc:postgresql://h/d?password=%zz", "broken %-escape in password");
    refuses("jdbc:postgresql://h/d?password=%4", "broken %-escape");
    refuses("jdbc:postgresql://h/d%00x", "broken %-escape in dbname");
}

static void test_libpq_addresses_are_passed_on(void **state)
{
    (void)state;
    becomes("postgresql://h:1/d?sslmode=require", "dbname=postgresql://h:1/d?sslmode=require");
    becomes("postgres://h/d", "dbname=postgres://h/d");
    becomes("host=h dbname=d", "dbname=host=h dbname=d");
}

static void test_refused(void **state)
{
    (void)state;
    refuses("jdbc:mysql://h/d", "jdbc:postgresql://host:port/database");
    refuses("localhost", "neither a JDBC nor a libpq address");
    refuses("", "neither");
    refuses("jdbc:postgresql://h/d?sslMode=require", "unknown property \"sslMode\"");
    /* what is refused may hold a password */
    refuses("jdbc:postgresql://h/d?passwort=geheim", "passwort");
    assert_null(strstr(error.message, "geheim"));
    refuses("jdbc:postgresql://u:geheim@h/d", "before an @");
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
    assert_int_equal(error.kind, ERROR_MISTAKE);
    assert_error_says(error, "could not open the password file");
    write_temporary(path, "\n", 1);
    assert_int_equal(from_config("-", path, &address), -1);
    assert_error_says(error, "is empty");
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_what_concerns_java_is_left_out),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_libpq_addresses_are_passed_on),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_user_and_password_of_the_command),
        cmocka_unit_test(test_password_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
