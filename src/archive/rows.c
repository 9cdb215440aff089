#include "archive/rows.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"

#define FIRST_ROWS 1024u
#define ROW_SIZE (sizeof(uint32_t) * (1 + DIMENSIONS) + sizeof(int64_t))

static struct rows_hour *find_hour(const struct rows *rows, int64_t hour)
{
    /* Events mostly belong to the hour that was added last. */
    for (size_t i = rows->hour_count; i-- > 0;)
        if (rows->hours[i]->hour == hour)
            return rows->hours[i];
    return NULL;
}

static struct rows_hour *add_hour(struct rows *rows, int64_t hour)
{
    struct rows_hour *added = memory_new(1, sizeof(*added));

    added->hour = hour;
    added->min_timestamp = UINT32_MAX;
    rows->hours[rows->hour_count++] = added;
    return added;
}

static void grow(struct rows *rows, struct rows_hour *hour, size_t capacity)
{
    hour->timestamps = memory_resize(hour->timestamps, capacity, sizeof(*hour->timestamps));
    for (int i = 0; i < DIMENSIONS; i++)
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

bool rows_have_room(const struct rows *rows, const struct coded_event *event)
{
    const struct rows_hour *hour = find_hour(rows, time_hour(event->timestamp));
    int64_t sum;

    if (rows->count == 0)
        return true;
    if (rows->count >= rows->limits.count || (!hour && rows->hour_count == ROWS_HOURS_MAX))
        return false;
    if (hour && __builtin_add_overflow(hour->bytes_total, event->bytes, &sum))
        return false;
    if (!hour || hour->count == hour->capacity) {
        size_t more = next_capacity(rows, hour) - (hour ? hour->capacity : 0);

        return rows->memory + more * ROW_SIZE <= rows->limits.memory;
    }
    return true;
}

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

void rows_add(struct rows *rows, const struct coded_event *event, int32_t partition, int64_t offset)
{
    int64_t hour_time = time_hour(event->timestamp);
    struct rows_hour *hour = find_hour(rows, hour_time);

    if (!hour)
        hour = add_hour(rows, hour_time);
    if (hour->count == hour->capacity)
        grow(rows, hour, next_capacity(rows, hour));
    hour->timestamps[hour->count] = event->timestamp;
    for (int i = 0; i < DIMENSIONS; i++)
        hour->codes[i][hour->count] = event->codes[i];
    hour->bytes[hour->count] = event->bytes;
    hour->bytes_total += event->bytes;
    if (event->timestamp < hour->min_timestamp)
        hour->min_timestamp = event->timestamp;
    if (event->timestamp > hour->max_timestamp)
        hour->max_timestamp = event->timestamp;
    note_offset(hour, partition, offset);
    hour->count++;
    rows->count++;
}

void rows_clear(struct rows *rows)
{
    for (size_t i = 0; i < rows->hour_count; i++) {
        struct rows_hour *hour = rows->hours[i];

        free(hour->timestamps);
        for (int j = 0; j < DIMENSIONS; j++)
            free(hour->codes[j]);
        free(hour->bytes);
        free(hour->ranges);
        free(hour);
    }
    rows->hour_count = 0;
    rows->count = 0;
    rows->memory = 0;
}
