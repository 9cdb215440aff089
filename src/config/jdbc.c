#include "config/jdbc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "config/password.h"

#define JDBC_PREFIX "jdbc:postgresql:"

/* The driver's property, and libpq's keyword for it; no keyword: it concerns Java only and is left out. */
static const struct {
    const char *property;
    const char *keyword;
} properties[] = {
    {"user", "user"},
    {"password", "password"},
    {"sslmode", "sslmode"},
    {"sslrootcert", "sslrootcert"},
    {"sslcert", "sslcert"},
    {"sslkey", "sslkey"},
    {"sslpassword", "sslpassword"},
    {"connectTimeout", "connect_timeout"},
    {"loginTimeout", "connect_timeout"},
    {"ApplicationName", "application_name"},
    {"options", "options"},
    {"targetServerType", "target_session_attrs"},
    {"gssEncMode", "gssencmode"},
    {"channelBinding", "channel_binding"},
    {"reWriteBatchedInserts", NULL},
    {"stringtype", NULL},
    {"prepareThreshold", NULL},
    {"preparedStatementCacheQueries", NULL},
    {"preparedStatementCacheSizeMiB", NULL},
    {"defaultRowFetchSize", NULL},
    {"socketTimeout", NULL},
    {"tcpKeepAlive", NULL},
    {"sslfactory", NULL},
    {"loggerLevel", NULL},
    {"binaryTransfer", NULL},
    {"assumeMinServerVersion", NULL},
    {"autosave", NULL},
};

void jdbc_set(struct jdbc_address *address, const char *keyword, const char *value)
{
    size_t index = 0;

    while (index < address->count && strcmp(address->keywords[index], keyword) != 0)
        index++;
    if (index < address->count) {
        free(address->values[index]);
        address->values[index] = memory_text(value, strlen(value));
    } else if (index < JDBC_KEYWORDS_MAX) {
        address->keywords[index] = memory_text(keyword, strlen(keyword));
        address->values[index] = memory_text(value, strlen(value));
        address->count++;
    }
}

const char *jdbc_get(const struct jdbc_address *address, const char *keyword)
{
    for (size_t i = 0; i < address->count; i++)
        if (strcmp(address->keywords[i], keyword) == 0)
            return address->values[i];
    return NULL;
}

void jdbc_release(struct jdbc_address *address)
{
    for (size_t i = 0; i < address->count; i++) {
        explicit_bzero(address->values[i], strlen(address->values[i]));
        free(address->keywords[i]);
        free(address->values[i]);
    }
    *address = (struct jdbc_address){0};
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* Undoes %XX in place of a copy; NULL when an escape is broken or hides a NUL. */
static char *decode_percent(const char *text, size_t size)
{
    char *decoded = memory_new(size + 1, 1);
    size_t used = 0;

    for (size_t i = 0; i < size; i++) {
        int high, low;

        if (text[i] != '%') {
            decoded[used++] = text[i];
            continue;
        }
        high = i + 2 < size ? hex_value(text[i + 1]) : -1;
        low = i + 2 < size ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0)) {
            free(decoded);
            return NULL;
        }
        decoded[used++] = (char)(high * 16 + low);
        i += 2;
    }
    return decoded;
}

static int set_decoded(struct jdbc_address *address, const char *keyword, const char *text, size_t size,
                       struct error *error)
{
    cleanup(memory_free) char *value = decode_percent(text, size);

    if (!value)
        return error_set(error, ERROR_USAGE, "invalid jdbc-uri: broken %%-escape in %s", keyword);
    jdbc_set(address, keyword, value);
    return 0;
}

/* `host:port,[::1]:port` into libpq's two lists. */
static int parse_hosts(struct jdbc_address *address, const char *text, size_t size, struct error *error)
{
    cleanup(buffer_release) struct buffer hosts = {0};
    cleanup(buffer_release) struct buffer ports = {0};
    const char *end = text + size;

    if (memchr(text, '@', size)) {
        error_set(error, ERROR_USAGE, "invalid jdbc-uri: something stands before an @ in the host");
        return error_hint(error, "give user and password as jdbc-user and jdbc-password");
    }
    do {
        const char *next = memchr(text, ',', (size_t)(end - text));
        const char *stop = next ? next : end;
        const char *host_end = *text == '[' ? memchr(text, ']', (size_t)(stop - text)) : NULL;
        const char *colon;

        if (*text == '[' && !host_end)
            return error_set(error, ERROR_USAGE, "invalid jdbc-uri: a [ without ] in the host");
        colon = memchr(host_end ? host_end : text, ':', (size_t)(stop - (host_end ? host_end : text)));
        if (!host_end)
            host_end = colon ? colon : stop;
        else
            text++;
        if (hosts.size + ports.size)
            buffer_text(&hosts, ","), buffer_text(&ports, ",");
        if (host_end == text)
            buffer_text(&hosts, "localhost");
        else
            buffer_append(&hosts, text, (size_t)(host_end - text));
        if (colon && colon + 1 < stop)
            buffer_append(&ports, colon + 1, (size_t)(stop - colon - 1));
        else
            buffer_text(&ports, "5432");
        text = stop + 1;
    } while (text <= end);
    jdbc_set(address, "host", hosts.data);
    jdbc_set(address, "port", ports.data);
    return 0;
}

static int set_property(struct jdbc_address *address, const char *name, size_t name_size, const char *text, size_t size,
                        bool *ssl, struct error *error)
{
    if (name_size == strlen("ssl") && memcmp(name, "ssl", name_size) == 0) {
        *ssl = size == 0 || (size == 4 && memcmp(text, "true", 4) == 0);
        return 0;
    }
    if (name_size == strlen("currentSchema") && memcmp(name, "currentSchema", name_size) == 0) {
        cleanup(memory_free) char *options = memory_printf("-csearch_path=%.*s", (int)size, text);

        return set_decoded(address, "options", options, strlen(options), error);
    }
    for (size_t i = 0; i < sizeof(properties) / sizeof(*properties); i++)
        if (strlen(properties[i].property) == name_size && memcmp(properties[i].property, name, name_size) == 0)
            return properties[i].keyword ? set_decoded(address, properties[i].keyword, text, size, error) : 0;
    error_set(error, ERROR_USAGE, "invalid jdbc-uri: unknown property \"%.*s\"", (int)name_size, name);
    return error_hint(error,
                      "leave it out, or give a libpq URI (postgresql://…), whose parameters are passed on as they are");
}

static int parse_properties(struct jdbc_address *address, const char *text, struct error *error)
{
    bool ssl = false;

    while (*text) {
        size_t size = strcspn(text, "&");
        const char *equals = memchr(text, '=', size);
        size_t name_size = equals ? (size_t)(equals - text) : size;
        const char *value = equals ? equals + 1 : text + size;

        if (size && set_property(address, text, name_size, value, (size_t)(text + size - value), &ssl, error))
            return -1;
        text += size + (text[size] == '&');
    }
    if (ssl && !jdbc_get(address, "sslmode"))
        jdbc_set(address, "sslmode", "verify-full");
    return 0;
}

static int parse_jdbc(const char *text, struct jdbc_address *address, struct error *error)
{
    const char *query = strchr(text, '?');
    const char *end = query ? query : text + strlen(text);

    if (strncmp(text, "//", 2) == 0) {
        const char *slash;

        text += 2;
        slash = memchr(text, '/', (size_t)(end - text));
        if (parse_hosts(address, text, (size_t)((slash ? slash : end) - text), error))
            return -1;
        text = slash ? slash + 1 : end;
    } else {
        jdbc_set(address, "host", "localhost");
        jdbc_set(address, "port", "5432");
        text += *text == '/';
    }
    if (end > text && set_decoded(address, "dbname", text, (size_t)(end - text), error))
        return -1;
    return query ? parse_properties(address, query + 1, error) : 0;
}

int jdbc_parse(const char *uri, struct jdbc_address *ret_address, struct error *error)
{
    struct jdbc_address address = {0};

    if (strncmp(uri, JDBC_PREFIX, strlen(JDBC_PREFIX)) == 0) {
        if (parse_jdbc(uri + strlen(JDBC_PREFIX), &address, error)) {
            jdbc_release(&address);
            return -1;
        }
    } else if (strncmp(uri, "postgresql://", 13) == 0 || strncmp(uri, "postgres://", 11) == 0 || strchr(uri, '=')) {
        jdbc_set(&address, "dbname", uri); /* libpq expands it (PQconnectdbParams, expand_dbname) */
    } else {
        error_set(error, ERROR_USAGE, "invalid jdbc-uri: it is neither a JDBC nor a libpq address of PostgreSQL");
        return error_hint(error, "write jdbc:postgresql://host:port/database");
    }
    *ret_address = address;
    return 0;
}

static int set_password_from_file(const char *path, struct jdbc_address *address, struct error *error)
{
    struct password password;

    if (password_read(path, &password, error))
        return -1;
    jdbc_set(address, "password", password.text);
    password_wipe(&password);
    return 0;
}

int jdbc_from_config(const struct config *config, struct jdbc_address *ret_address, struct error *error)
{
    struct jdbc_address address = {0};
    const char *password = config_text(config, OPTION_JDBC_PASSWORD);

    if (jdbc_parse(config_text(config, OPTION_JDBC_URI), &address, error))
        return -1;
    jdbc_set(&address, "user", config_text(config, OPTION_JDBC_USER));
    if (strcmp(password, "-") != 0) {
        jdbc_set(&address, "password", password);
    } else if (config_has(config, OPTION_PASSWORD_FILE) &&
               set_password_from_file(config_text(config, OPTION_PASSWORD_FILE), &address, error)) {
        jdbc_release(&address);
        return -1;
    }
    *ret_address = address;
    return 0;
}
