/* Addresses of PostgreSQL: what is accepted is words that libpq knows; of a JDBC address as many ports as hosts. */
#include <libpq-fe.h>
#include <stdbool.h>

#include "config/jdbc.h"
#include "config/jdbc_driver.h"
#include "fuzz.h"

static bool known_to_libpq(const char *keyword)
{
    static PQconninfoOption *options;

    if (!options)
        options = PQconndefaults();
    for (const PQconninfoOption *option = options; option->keyword; option++)
        if (strcmp(option->keyword, keyword) == 0)
            return true;
    return false;
}

static size_t count_commas(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == ',';
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *uri = fuzz_text(data, size);
    struct jdbc_address address;
    struct error error = {0};

    if (jdbc_parse(uri, &address, &error) == 0) {
        promise(address.count <= JDBC_KEYWORDS_MAX);
        for (size_t i = 0; i < address.count; i++)
            promise(known_to_libpq(address.keywords[i]) && address.values[i]);
        if (strncmp(uri, JDBC_PREFIX, strlen(JDBC_PREFIX)) == 0 && jdbc_get(&address, "host"))
            promise(count_commas(jdbc_get(&address, "host")) == count_commas(jdbc_get(&address, "port")));
        jdbc_release(&address);
    } else {
        promise(*error.message);
    }
    free(uri);
    return 0;
}
