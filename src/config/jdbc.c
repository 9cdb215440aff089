#include "config/jdbc.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "config/jdbc_driver.h"
#include "config/password.h"

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
        if (address->values[i])
            explicit_bzero(address->values[i], strlen(address->values[i]));
        free(address->keywords[i]);
        free(address->values[i]);
    }
    *address = (struct jdbc_address){0};
}

bool jdbc_is_keyword(const char *keyword)
{
    PQconninfoOption *options = PQconninfoParse("", NULL);
    bool found = !options; /* no memory, which libpq reports itself when it connects */

    for (PQconninfoOption *option = options; option && option->keyword && !found; option++)
        found = strcmp(option->keyword, keyword) == 0;
    PQconninfoFree(options);
    return found;
}

int jdbc_refuse(const char *message, struct error *error)
{
    cleanup(buffer_release) struct buffer text = {0};
    bool quoted = false;

    for (; *message && *message != '\n'; message++) {
        if (*message == '"')
            quoted = !quoted;
        if (*message == '"' && quoted)
            buffer_text(&text, "\"…");
        if (!quoted)
            buffer_append(&text, message, 1);
    }
    error_set(error, ANT_JDBC_INVALID, "invalid jdbc-uri: %s", text.size ? text.data : "no reason given");
    return error_hint(error,
                      "what it quotes is not shown, as it may be a part of the password; in a URI write @ : / %% "
                      "and blanks of a password as %%40 %%3A %%2F %%25 %%20");
}

static int parse_libpq(const char *uri, struct jdbc_address *address, struct error *error)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(uri, &message);

    if (!options) {
        jdbc_refuse(message ? message : "out of memory", error);
        PQfreemem(message);
        return -1;
    }
    for (PQconninfoOption *option = options; option->keyword; option++)
        if (option->val)
            jdbc_set(address, option->keyword, option->val);
    PQconninfoFree(options);
    return 0;
}

static int parse_jdbc(const char *text, struct jdbc_address *address, struct error *error)
{
    cleanup(jdbc_properties_release) struct jdbc_properties properties = {0};

    if (jdbc_driver_parse(text, &properties, error) || jdbc_driver_translate(&properties, address, error))
        return -1;
    return jdbc_driver_pass(&properties, address, error);
}

static bool is_libpq(const char *uri)
{
    return strncmp(uri, "postgresql://", 13) == 0 || strncmp(uri, "postgres://", 11) == 0 ||
           (strchr(uri, '=') && strncasecmp(uri, "jdbc:", 5) != 0);
}

int jdbc_parse(const char *uri, struct jdbc_address *ret_address, struct error *error)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};

    if (strncmp(uri, JDBC_PREFIX, strlen(JDBC_PREFIX)) == 0) {
        if (parse_jdbc(uri + strlen(JDBC_PREFIX), &address, error))
            return -1;
    } else if (is_libpq(uri)) {
        if (parse_libpq(uri, &address, error))
            return -1;
    } else {
        error_set(error, ANT_JDBC_INVALID, "invalid jdbc-uri: it is neither a JDBC nor a libpq address of PostgreSQL");
        return error_hint(error, "write jdbc:postgresql://host:port/database");
    }
    *ret_address = address;
    address.count = 0;
    return 0;
}

static int set_password_from_file(const char *path, struct jdbc_address *address, struct error *error)
{
    cleanup(password_free) char *password = NULL;

    if (password_read(path, &password, error))
        return -1;
    jdbc_set(address, "password", password);
    return 0;
}

int jdbc_from_config(const struct config *config, struct jdbc_address *ret_address, struct error *error)
{
    struct jdbc_address address = {0};
    const char *password = config_text(config, OPTION_JDBC_PASSWORD);
    const char *database;

    if (jdbc_parse(config_text(config, OPTION_JDBC_URI), &address, error))
        return -1;
    jdbc_set(&address, "user", config_text(config, OPTION_JDBC_USER));
    database = jdbc_get(&address, "dbname");
    if (database && !*database)
        jdbc_set(&address, "dbname", config_text(config, OPTION_JDBC_USER));
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
