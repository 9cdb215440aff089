#include "config/jdbc_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#define HEX "0123456789abcdef"

const char *jdbc_property(const struct jdbc_properties *properties, const char *name)
{
    for (size_t i = 0; i < properties->count; i++)
        if (strcmp(properties->entries[i].name, name) == 0)
            return properties->entries[i].value;
    return NULL;
}

/* Takes over the value. */
static void set_property(struct jdbc_properties *properties, struct slice name, char *value)
{
    size_t i = 0;

    while (i < properties->count && !slice_equal(slice_of(properties->entries[i].name), name))
        i++;
    if (i < properties->count) {
        explicit_bzero(properties->entries[i].value, strlen(properties->entries[i].value));
        free(properties->entries[i].value);
    } else {
        properties->entries = memory_resize(properties->entries, ++properties->count, sizeof(*properties->entries));
        properties->entries[i].name = memory_text(name.data, name.size);
    }
    properties->entries[i].value = value;
}

void jdbc_properties_release(struct jdbc_properties *properties)
{
    for (size_t i = 0; i < properties->count; i++) {
        explicit_bzero(properties->entries[i].value, strlen(properties->entries[i].value));
        free(properties->entries[i].name);
        free(properties->entries[i].value);
    }
    free(properties->entries);
    *properties = (struct jdbc_properties){0};
}

static int hex_value(char digit)
{
    const char *found = digit ? strchr(HEX, digit >= 'A' && digit <= 'F' ? digit - 'A' + 'a' : digit) : NULL;

    return found ? (int)(found - HEX) : -1;
}

/* As java.net.URLDecoder: + is a blank, %XX a byte of UTF-8. NULL when it is not that, or hides a NUL. */
static char *decode(struct slice text)
{
    char *decoded = memory_new(text.size + 1, 1);
    size_t used = 0;
    bool broken = false;

    for (size_t i = 0; i < text.size && !broken; i++) {
        if (text.data[i] != '%') {
            decoded[used++] = text.data[i] == '+' ? ' ' : text.data[i];
            continue;
        }
        int high = i + 2 < text.size ? hex_value(text.data[i + 1]) : -1;
        int low = i + 2 < text.size ? hex_value(text.data[i + 2]) : -1;

        broken = high < 0 || low < 0 || (high == 0 && low == 0);
        decoded[used++] = (char)(high * 16 + low);
        i += 2;
    }
    if (!broken && text_is_utf8(decoded))
        return decoded;
    explicit_bzero(decoded, text.size);
    free(decoded);
    return NULL;
}

static int set_decoded(struct jdbc_properties *properties, struct slice name, struct slice text, struct error *error)
{
    char *value = decode(text);

    if (!value) {
        error_set(error, ANT_JDBC_INVALID, "invalid jdbc-uri: broken %%-escape in %.*s", (int)name.size, name.data);
        return error_hint(error, "write %% as %%25 and + as %%2B, and other bytes as UTF-8");
    }
    set_property(properties, name, value);
    return 0;
}

/* `host:port,[::1]:port` into two lists; the last colon that no ] follows divides. */
static void split_authority(struct jdbc_properties *properties, struct slice text)
{
    cleanup(buffer_release) struct buffer hosts = {0};
    cleanup(buffer_release) struct buffer ports = {0};
    const char *end = text.data + text.size;

    /* Java's split() drops empty entries at the end. */
    while (end - 1 > text.data && end[-1] == ',')
        end--;
    for (const char *entry = text.data, *stop; entry <= end; entry = stop + 1) {
        const char *comma = memchr(entry, ',', (size_t)(end - entry));
        const char *colon, *bracket;

        stop = comma ? comma : end;
        colon = memrchr(entry, ':', (size_t)(stop - entry));
        bracket = memrchr(entry, ']', (size_t)(stop - entry));
        if (bracket && colon && bracket > colon)
            colon = NULL;
        if (entry > text.data)
            buffer_text(&hosts, ","), buffer_text(&ports, ",");
        buffer_append(&hosts, entry, (size_t)((colon ? colon : stop) - entry));
        if (colon)
            buffer_append(&ports, colon + 1, (size_t)(stop - colon - 1));
        else
            buffer_text(&ports, "5432");
    }
    set_property(properties, slice_of(PROPERTY_HOST), memory_text(hosts.data, hosts.size));
    set_property(properties, slice_of(PROPERTY_PORT), memory_text(ports.data, ports.size));
}

static int refuse_form(struct error *error, const char *reason, const char *hint)
{
    error_set(error, ANT_JDBC_INVALID, "invalid jdbc-uri: %s", reason);
    return error_hint(error, "%s", hint);
}

/* What precedes the "?": `//hosts/database`, or a database alone. */
static int parse_place(struct jdbc_properties *properties, struct slice text, struct error *error)
{
    static const struct slice database = {PROPERTY_DATABASE, sizeof(PROPERTY_DATABASE) - 1};
    const char *slash;

    if (slice_equal(text, slice_of("//")) || slice_equal(text, slice_of("///")))
        text.size = 0;
    if (text.size < 2 || memcmp(text.data, "//", 2) != 0) {
        if (text.size && *text.data == '/')
            return refuse_form(error, "a single / precedes the database", "write jdbc:postgresql://host:port/database");
        return set_decoded(properties, database, text, error);
    }
    text = (struct slice){text.data + 2, text.size - 2};
    slash = memchr(text.data, '/', text.size);
    if (memchr(text.data, '@', slash ? (size_t)(slash - text.data) : text.size))
        return refuse_form(error, "something precedes an @ in the host",
                           "give user and password as jdbc-user and jdbc-password");
    if (!slash)
        return refuse_form(error, "no / follows the host", "write jdbc:postgresql://host:port/database");
    if (memrchr(text.data, '/', text.size) != slash)
        return refuse_form(error, "the database has a /", "write a / of its name as %2F");
    split_authority(properties, (struct slice){text.data, (size_t)(slash - text.data)});
    text = (struct slice){slash + 1, text.size - (size_t)(slash + 1 - text.data)};
    return text.size ? set_decoded(properties, database, text, error) : 0;
}

/* The driver also takes host, port and dbname, in any case, as names of what the address says before its "?". */
static struct slice translate_name(struct slice name)
{
    static const char *const places[] = {PROPERTY_HOST, PROPERTY_PORT, PROPERTY_DATABASE};

    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        if (strlen(places[i]) == name.size + 2 && strncasecmp(places[i] + 2, name.data, name.size) == 0)
            return slice_of(places[i]);
    return name;
}

static int parse_query(struct jdbc_properties *properties, const char *text, struct error *error)
{
    while (*text) {
        size_t size = strcspn(text, "&");
        const char *equals = memchr(text, '=', size);
        struct slice name = {text, equals ? (size_t)(equals - text) : size};

        if (equals) {
            struct slice value = {equals + 1, (size_t)(text + size - equals - 1)};

            if (set_decoded(properties, translate_name(name), value, error))
                return -1;
        } else if (size) {
            set_property(properties, name, memory_text("", 0));
        }
        text += size + (text[size] == '&');
    }
    return 0;
}

int jdbc_driver_parse(const char *text, struct jdbc_properties *properties, struct error *error)
{
    size_t size = strcspn(text, "?");

    if (parse_place(properties, (struct slice){text, size}, error))
        return -1;
    return parse_query(properties, text + size + (text[size] == '?'), error);
}
