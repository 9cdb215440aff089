#include "verify/difference.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"

#define DETAIL_SIZE 1024

static const char *const codes[CAUSES] = {
    [CAUSE_FILE_MISSING] = "file_missing",
    [CAUSE_FILE_DAMAGED] = "file_damaged",
    [CAUSE_FILE_UNLISTED] = "file_unlisted",
    [CAUSE_LIST_EDITED] = "list_edited",
    [CAUSE_NOT_ARCHIVED] = "not_archived_yet",
    [CAUSE_NOT_TOTALLED] = "not_totalled_yet",
    [CAUSE_SPEED_EDITED] = "speed_rows_edited",
    [CAUSE_NOT_BATCHED] = "not_batched",
    [CAUSE_DIRTY] = "dirty",
    [CAUSE_HELD] = "held",
    [CAUSE_HOURLY_EDITED] = "hourly_rows_edited",
    [CAUSE_COUNTERS_EDITED] = "counters_edited",
};

const char *cause_code(enum cause cause)
{
    return codes[cause];
}

void differences_add(struct differences *differences, enum cause cause, const char *format, ...)
{
    char detail[DETAIL_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    text_make_printable(detail);
    differences->list = memory_resize(differences->list, differences->count + 1, sizeof(*differences->list));
    differences->list[differences->count++] =
        (struct difference){.cause = cause, .detail = memory_printf("%s", detail)};
}

size_t differences_count(const struct differences *differences)
{
    size_t count = 0;

    for (size_t i = 0; i < differences->count; i++)
        count += !differences->list[i].expected;
    return count;
}

void differences_release(struct differences *differences)
{
    for (size_t i = 0; i < differences->count; i++)
        free(differences->list[i].detail);
    free(differences->list);
    *differences = (struct differences){0};
}
