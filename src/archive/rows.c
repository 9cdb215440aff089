#include "archive/rows.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"

/* The first capacity of an hour: small, so that a backfill with many hours of few rows each does not fill the memory.
 */
#define FIRST_ROWS 64u
#define FIRST_SLOTS 64u
#define ROW_SIZE (sizeof(uint32_t) * (1 + TEXTS) + sizeof(int64_t))

/* Memory of an hour beside its rows: its entry, a range of offsets, its places in the list and in the hash table. */
#define HOUR_SIZE (sizeof(struct rows_hour) + sizeof(struct rows_range) + 4 * sizeof(void *))

/* The slot of an hour, or the free one where it belongs. The number of the hour is its hash: consecutive hours get
 * consecutive slots. */
static uint32_t *find_slot(const struct rows *rows, int64_t hour)
{
    size_t index = (size_t)(hour / SECONDS_PER_HOUR) & (rows->slot_count - 1);

    while (rows->slots[index] && rows->hours[rows->slots[index] - 1]->hour != hour)
        index = (index + 1) & (rows->slot_count - 1);
    return &rows->slots[index];
}

static struct rows_hour *find_hour(const struct rows *rows, int64_t hour)
{
    const uint32_t *slot;

    if (rows->last && rows->last->hour == hour)
        return rows->last;
    slot = rows->slot_count ? find_slot(rows, hour) : NULL;
    return slot && *slot ? rows->hours[*slot - 1] : NULL;
}

static void grow_table(struct rows *rows)
{
    rows->slot_count = rows->slot_count ? rows->slot_count * 2 : FIRST_SLOTS;
    free(rows->slots);
    rows->slots = memory_new(rows->slot_count, sizeof(*rows->slots));
    rows->hours = memory_resize(rows->hours, rows->slot_count / 2, sizeof(struct rows_hour *));
    for (size_t i = 0; i < rows->hour_count; i++)
        *find_slot(rows, rows->hours[i]->hour) = (uint32_t)i + 1;
}

static struct rows_hour *add_hour(struct rows *rows, int64_t hour)
{
    struct rows_hour *added = memory_new(1, sizeof(*added));

    if (rows->hour_count == rows->slot_count / 2)
        grow_table(rows);
    added->hour = hour;
    added->min_timestamp = UINT32_MAX;
    *find_slot(rows, hour) = (uint32_t)rows->hour_count + 1;
    rows->hours[rows->hour_count++] = added;
    rows->memory += HOUR_SIZE;
    return added;
}

static void grow(struct rows *rows, struct rows_hour *hour, size_t capacity)
{
    hour->timestamps = memory_resize(hour->timestamps, capacity, sizeof(*hour->timestamps));
    for (int i = 0; i < TEXTS; i++)
        if (hour->codes[i])
            hour->codes[i] = memory_resize(hour->codes[i], capacity, sizeof(*hour->codes[i]));
    hour->bytes = memory_resize(hour->bytes, capacity, sizeof(*hour->bytes));
    rows->memory += (capacity - hour->capacity) * ROW_SIZE;
    hour->capacity = capacity;
}

static size_t next_capacity(const struct rows *rows, const struct rows_hour *hour)
{
    size_t capacity = hour ? hour->capacity * 2 : 0;

    if (capacity < FIRST_ROWS)
        capacity = FIRST_ROWS;
    return capacity < rows->limits.count ? capacity : rows->limits.count;
}

/* Includes the growth that rows_add() would cause, and the sum of bytes, which the list stores as BIGINT. */
bool rows_have_room(const struct rows *rows, const struct coded_event *event)
{
    const struct rows_hour *hour = find_hour(rows, time_hour(event->timestamp));
    int64_t sum;

    if (rows->count == 0)
        return true;
    if (rows->count >= rows->limits.count)
        return false;
    if (hour && __builtin_add_overflow(hour->bytes_total, event->bytes, &sum))
        return false;
    if (!hour || hour->count == hour->capacity) {
        size_t more = next_capacity(rows, hour) - (hour ? hour->capacity : 0);

        return rows->memory + (hour ? 0 : HOUR_SIZE) + more * ROW_SIZE <= rows->limits.memory;
    }
    return true;
}

/* Offsets of a partition ascend, so the last one ends its range. */
static void note_offset(struct rows_hour *hour, int32_t partition, int64_t offset)
{
    for (size_t i = 0; i < hour->range_count; i++)
        if (hour->ranges[i].partition == partition) {
            hour->ranges[i].last = offset;
            return;
        }
    hour->ranges = memory_resize(hour->ranges, hour->range_count + 1, sizeof(*hour->ranges));
    hour->ranges[hour->range_count++] = (struct rows_range){partition, offset, offset};
}

/* New memory is zero: the rows before the first that has a text do not have it. */
static void add_code(struct rows_hour *hour, int text, uint32_t code)
{
    _Static_assert(DICTIONARY_ABSENT == 0, "as in new memory");
    if (!hour->codes[text] && code == DICTIONARY_ABSENT)
        return;
    if (!hour->codes[text])
        hour->codes[text] = memory_new(hour->capacity, sizeof(*hour->codes[text]));
    hour->codes[text][hour->count] = code;
}

void rows_add(struct rows *rows, const struct coded_event *event, int32_t partition, int64_t offset)
{
    int64_t hour_time = time_hour(event->timestamp);
    struct rows_hour *hour = find_hour(rows, hour_time);

    if (!hour)
        hour = add_hour(rows, hour_time);
    if (hour->count == hour->capacity)
        grow(rows, hour, next_capacity(rows, hour));
    hour->timestamps[hour->count] = event->timestamp;
    for (int i = 0; i < TEXTS; i++)
        add_code(hour, i, event->codes[i]);
    hour->bytes[hour->count] = event->bytes;
    hour->bytes_total += event->bytes;
    if (event->timestamp < hour->min_timestamp)
        hour->min_timestamp = event->timestamp;
    if (event->timestamp > hour->max_timestamp)
        hour->max_timestamp = event->timestamp;
    note_offset(hour, partition, offset);
    hour->count++;
    rows->count++;
    rows->last = hour;
}

static int compare_hours(const void *left, const void *right)
{
    int64_t left_hour = (*(struct rows_hour *const *)left)->hour,
            right_hour = (*(struct rows_hour *const *)right)->hour;

    return (left_hour > right_hour) - (left_hour < right_hour);
}

void rows_sort(struct rows *rows)
{
    if (rows->hour_count)
        qsort(rows->hours, rows->hour_count, sizeof(struct rows_hour *), compare_hours);
}

void rows_drop_columns(struct rows_hour *hour)
{
    free(hour->timestamps);
    hour->timestamps = NULL;
    for (int i = 0; i < TEXTS; i++) {
        free(hour->codes[i]);
        hour->codes[i] = NULL;
    }
    free(hour->bytes);
    hour->bytes = NULL;
}

void rows_clear(struct rows *rows)
{
    for (size_t i = 0; i < rows->hour_count; i++) {
        struct rows_hour *hour = rows->hours[i];

        rows_drop_columns(hour);
        free(hour->ranges);
        free(hour);
    }
    free(rows->hours);
    free(rows->slots);
    rows->hours = NULL;
    rows->last = NULL;
    rows->slots = NULL;
    rows->hour_count = 0;
    rows->slot_count = 0;
    rows->count = 0;
    rows->memory = 0;
}
