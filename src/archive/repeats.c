#include "archive/repeats.h"

#include <stdlib.h>

#include "archive/shape.h"
#include "base/memory.h"

enum repeat_column { COLUMN_ANTENNA, COLUMN_ROWS, COLUMN_BYTES };

static int take_repeats(void *context, duckdb_data_chunk chunk, struct error *error)
{
    struct repeats *repeats = context;
    idx_t count = duckdb_data_chunk_get_size(chunk);

    (void)error;
    repeats->list = memory_resize(repeats->list, repeats->count + count, sizeof(*repeats->list));
    for (idx_t row = 0; row < count; row++) {
        struct slice antenna = database_text(chunk, COLUMN_ANTENNA, row);

        repeats->list[repeats->count++] =
            (struct repeat){memory_text(antenna.data, antenna.size), database_number(chunk, COLUMN_ROWS, row),
                            database_number(chunk, COLUMN_BYTES, row)};
    }
    return 0;
}

int repeats_find(struct database *database, const struct file_names *paths, struct repeats *ret_repeats,
                 struct error *error)
{
    static const duckdb_type types[] = {DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BIGINT, DUCKDB_TYPE_BIGINT,
                                        DUCKDB_TYPE_INVALID};
    const char *antenna = record_fields[FIELD_ANTENNA_ID].name, *bytes = record_fields[FIELD_BYTES].name;
    cleanup(buffer_release) struct buffer sql = {0};

    ret_repeats->known = true;
    if (paths->count == 0)
        return 0;
    buffer_printf(&sql,
                  "SELECT %s, sum(copies - 1)::BIGINT AS surplus, sum((copies - 1) * %s)::BIGINT FROM "
                  "(SELECT *, count(*) AS copies FROM (",
                  antenna, bytes);
    if (shapes_append_own(database, &sql, paths, error))
        return -1;
    buffer_printf(&sql, ") GROUP BY ALL HAVING count(*) > 1) GROUP BY %s ORDER BY surplus DESC, %s", antenna, antenna);
    return database_read(database, sql.data, types, take_repeats, ret_repeats, error);
}

void repeats_release(struct repeats *repeats)
{
    for (size_t i = 0; i < repeats->count; i++)
        free(repeats->list[i].antenna);
    free(repeats->list);
    *repeats = (struct repeats){0};
}
