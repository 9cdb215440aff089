/* From the driver's properties to libpq's keywords: those that need more than another name. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "config/jdbc_driver.h"

static int refuse(struct error *error, const char *name, const char *reason, const char *hint)
{
    error_set(error, ANT_JDBC_INVALID, "invalid jdbc-uri: %s %s", name, reason);
    return error_hint(error, "%s", hint);
}

static bool is_true(const char *value)
{
    return value && strcasecmp(value, "true") == 0;
}

/* strncmp() or strncasecmp(): of some properties the driver ignores the case. */
typedef int (*comparison)(const char *left, const char *right, size_t size);

/* The index of a value among the words, which are separated by |; -1: none of them. */
static int find_word(const char *words, const char *value, comparison compare)
{
    for (int index = 0; *words; index++) {
        size_t size = strcspn(words, "|");

        if (strlen(value) == size && compare(words, value, size) == 0)
            return index;
        words += size + (words[size] == '|');
    }
    return -1;
}

/* Java's Integer.parseInt(). */
static bool parse_int(const char *text, long *ret_number)
{
    char *end;

    if (!isdigit((unsigned char)text[*text == '-' || *text == '+']))
        return false;
    errno = 0;
    *ret_number = strtol(text, &end, 10);
    return !errno && !*end && *ret_number <= INT_MAX && *ret_number >= INT_MIN;
}

/* A host as libpq wants it: the driver has IPv6 addresses in brackets, and no Unix sockets; an empty one is this
 * machine. */
static int append_host(struct buffer *hosts, struct slice host, struct error *error)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr parsed;
    size_t size;

    if (host.size == 0) {
        buffer_text(hosts, "localhost");
        return 0;
    }
    if (memchr(host.data, '/', host.size) || memchr(host.data, '@', host.size))
        return refuse(error, "the host", "is no name and no address",
                      "for a Unix socket give a conninfo string: host=/var/run/postgresql dbname=…");
    if (!memchr(host.data, '[', host.size) && !memchr(host.data, ']', host.size)) {
        buffer_append(hosts, host.data, host.size);
        return 0;
    }
    size = host.size < 2 ? 0 : host.size - 2;
    snprintf(address, sizeof(address), "%.*s", (int)size, host.data + 1);
    address[strcspn(address, "%")] = '\0'; /* a zone */
    if (*host.data != '[' || host.data[host.size - 1] != ']' || inet_pton(AF_INET6, address, &parsed) != 1)
        return refuse(error, "the host", "in brackets is no IPv6 address", "write [::1]:5432");
    buffer_append(hosts, host.data + 1, size);
    return 0;
}

static int append_port(struct buffer *ports, struct slice text, struct error *error)
{
    cleanup(memory_free) char *port = memory_text(text.data, text.size);
    long number;

    if (!parse_int(port, &number) || number < 1 || number > PORT_MAX)
        return refuse(error, "the port", "is no number from 1 to 65535", "write host:5432, or the host alone for 5432");
    buffer_printf(ports, "%ld", number);
    return 0;
}

/* Java's split(): empty entries at the end are none, but one empty text is one. Appends each; returns how many. */
static int append_list(struct buffer *list, const char *text,
                       int (*append)(struct buffer *list, struct slice entry, struct error *error), struct error *error)
{
    size_t size = strlen(text);
    int count = 0;

    while (size && text[size - 1] == ',')
        size--;
    if (!size && *text)
        return refuse(error, "the list of hosts or ports", "is empty", "write jdbc:postgresql://host:port/database");
    for (const char *end = text + size; text <= end; count++) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma ? comma : end;

        if (count)
            buffer_text(list, ",");
        if (append(list, (struct slice){text, (size_t)(stop - text)}, error))
            return -1;
        text = stop + 1;
    }
    return count;
}

static int translate_hosts(const struct jdbc_properties *properties, struct jdbc_address *address, struct error *error)
{
    cleanup(buffer_release) struct buffer hosts = {0};
    cleanup(buffer_release) struct buffer ports = {0};
    const char *host = jdbc_property(properties, PROPERTY_HOST);
    const char *port = jdbc_property(properties, PROPERTY_PORT);
    const char *database = jdbc_property(properties, PROPERTY_DATABASE);
    bool service = jdbc_property(properties, "service");
    int host_count = append_list(&hosts, host ? host : "", append_host, error);
    int port_count = host_count < 0 ? -1 : append_list(&ports, port ? port : "5432", append_port, error);

    if (port_count < 0)
        return -1;
    if (host_count != port_count)
        return refuse(error, "the lists of hosts and ports", "differ in length", "write host:port,host:port");
    /* What the address leaves open, the service says. An empty database is that of the user's name. */
    if (host || !service)
        jdbc_set(address, "host", hosts.data);
    if (port || !service)
        jdbc_set(address, "port", ports.data);
    if (database || !service)
        jdbc_set(address, "dbname", database ? database : "");
    return 0;
}

/* A property of words that libpq knows by the same in lower case. */
static int translate_words(const struct jdbc_properties *properties, const char *name, const char *keyword,
                           const char *words, comparison compare, struct jdbc_address *address, struct error *error)
{
    const char *value = jdbc_property(properties, name);
    cleanup(memory_free) char *lower = memory_text(value ? value : "", value ? strlen(value) : 0);

    if (!value)
        return 0;
    for (char *byte = lower; *byte; byte++)
        *byte = (char)tolower((unsigned char)*byte);
    if (find_word(words, value, compare) < 0) {
        error_set(error, ANT_JDBC_INVALID, "invalid jdbc-uri: unknown value of %s", name);
        return error_hint(error, "give one of %s", words);
    }
    jdbc_set(address, keyword, lower);
    return 0;
}

/*
 * ssl=true, in whatever case, or without a value, means verify-full where sslmode says nothing; any other value means
 * nothing. The factory that does not validate leaves of each mode whether encryption is demanded.
 */
static int translate_tls(const struct jdbc_properties *properties, struct jdbc_address *address, struct error *error)
{
    const char *ssl = jdbc_property(properties, "ssl");
    const char *factory = jdbc_property(properties, "sslfactory");
    const char *verifier = jdbc_property(properties, "sslhostnameverifier");
    const char *authority = jdbc_property(properties, "sslrootcert");
    bool validates = !factory || find_word("org.postgresql.ssl.LibPQFactory|org.postgresql.ssl.jdbc4.LibPQFactory",
                                           factory, strncmp) >= 0;

    if (!validates && strcmp(factory, "org.postgresql.ssl.NonValidatingFactory") != 0)
        return refuse(error, "sslfactory", "is a class of Java's",
                      "leave it out, and give the authority's certificate as sslrootcert, such as "
                      "/etc/ssl/certs/ca-certificates.crt");
    if (verifier && strcmp(verifier, "org.postgresql.ssl.PGjdbcHostnameVerifier") != 0)
        return refuse(error, "sslhostnameverifier", "is a class of Java's",
                      "leave it out, or give sslmode=verify-ca, which does not compare the host's name");
    if (authority && !*authority)
        return refuse(error, "sslrootcert", "is empty", "give the file of the authority's certificate");
    if (ssl && (!*ssl || is_true(ssl)))
        jdbc_set(address, "sslmode", "verify-full");
    if (translate_words(properties, "sslmode", "sslmode", "disable|allow|prefer|require|verify-ca|verify-full",
                        strncasecmp, address, error))
        return -1;
    if (validates && authority)
        jdbc_set(address, "sslrootcert", authority);
    else if (!validates && jdbc_get(address, "sslmode") && *jdbc_get(address, "sslmode") == 'v')
        jdbc_set(address, "sslmode", "require");
    return 0;
}

/* Libpq reads keys as PEM and as the DER of PKCS-8, which the driver wants, and not as PKCS-12. */
static int translate_key(const struct jdbc_properties *properties, struct jdbc_address *address, struct error *error)
{
    const char *key = jdbc_property(properties, "sslkey");
    const char *dot = key ? strrchr(key, '.') : NULL;

    if (dot && find_word(".p12|.pfx", dot, strncasecmp) >= 0)
        return refuse(
            error, "sslkey", "is a PKCS-12 store, which libpq does not read",
            "write its parts to files for sslkey and sslcert: openssl pkcs12 -in … -nodes -nocerts -out …, and "
            "-nokeys");
    if (key)
        jdbc_set(address, "sslkey", key);
    return 0;
}

static int translate_protection(const struct jdbc_properties *properties, struct jdbc_address *address,
                                struct error *error)
{
    const char *negotiation = jdbc_property(properties, "sslNegotiation");
    const char *gss;

    if (translate_words(properties, "channelBinding", "channel_binding", "disable|prefer|require", strncmp, address,
                        error) ||
        translate_words(properties, "gssEncMode", "gssencmode", "disable|allow|prefer|require", strncasecmp, address,
                        error))
        return -1;
    /* Neither "allow", which is its default, lets the driver try it. */
    gss = jdbc_get(address, "gssencmode");
    if (!gss || strcmp(gss, "allow") == 0)
        jdbc_set(address, "gssencmode", "disable");
    if (negotiation && strcmp(negotiation, "direct") == 0)
        jdbc_set(address, "sslnegotiation", "direct");
    return 0;
}

/* The driver finds a primary as libpq finds a server for reading and writing. */
static int translate_target(const struct jdbc_properties *properties, struct jdbc_address *address, struct error *error)
{
    static const char *const targets[] = {"any",       "read-write",     "read-write",     "read-only",
                                          "read-only", "prefer-standby", "prefer-standby", "read-write"};
    const char *value = jdbc_property(properties, "targetServerType");
    const char *host = jdbc_get(address, "host");
    int index = find_word("any|primary|master|secondary|slave|preferSecondary|preferSlave|preferPrimary",
                          value ? value : "any", strncmp);

    if (index < 0)
        return refuse(error, "targetServerType", "has an unknown value",
                      "give any, primary, secondary, preferPrimary or preferSecondary");
    /* Of one host the preferred kind is what it is. */
    if (value && strcmp(value, "preferPrimary") == 0 && !(host && strchr(host, ',')))
        index = 0;
    if (value)
        jdbc_set(address, "target_session_attrs", targets[index]);
    if (is_true(jdbc_property(properties, "loadBalanceHosts")) && jdbc_is_keyword("load_balance_hosts"))
        jdbc_set(address, "load_balance_hosts", "random");
    return 0;
}

/* PostgreSQL applies the driver's search_path after options, which are words that a blank divides and a \ protects. */
static int translate_options(const struct jdbc_properties *properties, struct jdbc_address *address,
                             struct error *error)
{
    cleanup(buffer_release) struct buffer text = {0};
    const char *options = jdbc_property(properties, "options");
    const char *schema = jdbc_property(properties, "currentSchema");

    (void)error;
    buffer_text(&text, options ? options : "");
    if (schema) {
        size_t backslashes = 0;

        while (backslashes < text.size && text.data[text.size - 1 - backslashes] == '\\')
            backslashes++;
        /* PostgreSQL ignores the last of an odd number; it would protect our blank. */
        text.size -= backslashes % 2;
        buffer_text(&text, text.size ? " -csearch_path=" : "-csearch_path=");
        for (; *schema; schema++) {
            if (isspace((unsigned char)*schema) || *schema == '\\')
                buffer_text(&text, "\\");
            buffer_append(&text, schema, 1);
        }
    }
    if (text.size)
        jdbc_set(address, "options", text.data);
    return 0;
}

/* The driver limits how long a socket and how long a login may take, libpq both together: the smaller of them counts.
 */
static int translate_timeouts(const struct jdbc_properties *properties, struct jdbc_address *address,
                              struct error *error)
{
    const char *connect = jdbc_property(properties, "connectTimeout");
    const char *login = jdbc_property(properties, "loginTimeout");
    double login_seconds = login ? strtod(login, NULL) : 0;
    long seconds = 0;

    if (connect && (!parse_int(connect, &seconds) || seconds < 0))
        return refuse(error, "connectTimeout", "is no number of seconds", "give a whole number, or leave it out");
    if (login_seconds > 0 && login_seconds < INT_MAX && (!seconds || login_seconds < (double)seconds))
        seconds = (long)ceil(login_seconds);
    if (connect || seconds) {
        cleanup(memory_free) char *text = memory_printf("%ld", seconds);

        jdbc_set(address, "connect_timeout", text);
    }
    return 0;
}

static int translate_read_only(const struct jdbc_properties *properties, struct jdbc_address *address,
                               struct error *error)
{
    const char *mode = jdbc_property(properties, "readOnlyMode");

    (void)address;
    if (is_true(jdbc_property(properties, "readOnly")) && !(mode && strcasecmp(mode, "ignore") == 0))
        return refuse(error, "readOnly", "lets no job write",
                      "leave it out; for commands that only read log in as a role that may only read");
    return 0;
}

static int (*const translations[])(const struct jdbc_properties *properties, struct jdbc_address *address,
                                   struct error *error) = {
    translate_hosts,  translate_tls,     translate_key,      translate_protection,
    translate_target, translate_options, translate_timeouts, translate_read_only,
};

int jdbc_driver_translate(const struct jdbc_properties *properties, struct jdbc_address *address, struct error *error)
{
    for (size_t i = 0; i < sizeof(translations) / sizeof(*translations); i++)
        if (translations[i](properties, address, error))
            return -1;
    return 0;
}
