#include "speed/full_hours.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"

void full_hours_release(struct full_hours *full_hours)
{
    free(full_hours->hours);
    free(full_hours->refused);
    *full_hours = (struct full_hours){0};
}

static struct full_hour *find(const struct full_hours *full_hours, int64_t hour)
{
    for (size_t i = 0; i < full_hours->hour_count; i++)
        if (full_hours->hours[i].hour == hour)
            return &full_hours->hours[i];
    return NULL;
}

/* Resets `taken`: the failed commit is dropped with all that was taken. */
void full_hours_note(struct full_hours *full_hours, int64_t hour, int64_t committed)
{
    struct full_hour *known = find(full_hours, hour);

    if (!known) {
        full_hours->hours = memory_resize(full_hours->hours, full_hours->hour_count + 1, sizeof(*full_hours->hours));
        known = &full_hours->hours[full_hours->hour_count++];
    }
    *known = (struct full_hour){.hour = hour, .committed = committed};
}

/* An hour that no commit has found full has room: the first event that exceeds it makes its commit fail. */
bool full_hours_have_room(const struct full_hours *full_hours, int64_t timestamp, int64_t bytes)
{
    const struct full_hour *known = full_hours->hour_count ? find(full_hours, time_hour(timestamp)) : NULL;

    return !known || bytes <= INT64_MAX - known->committed - known->taken;
}

void full_hours_add(struct full_hours *full_hours, int64_t timestamp, int64_t bytes)
{
    struct full_hour *known = full_hours->hour_count ? find(full_hours, time_hour(timestamp)) : NULL;

    if (known)
        known->taken += bytes;
}

/* `committed` is this worker's knowledge: others add to the hour, too. If their bytes fill it, the next commit fails,
 * and learns it. */
void full_hours_commit(struct full_hours *full_hours)
{
    for (size_t i = 0; i < full_hours->hour_count; i++) {
        invariant(full_hours->hours[i].taken <= INT64_MAX - full_hours->hours[i].committed);
        full_hours->hours[i].committed += full_hours->hours[i].taken;
        full_hours->hours[i].taken = 0;
    }
}

void full_hours_drop(struct full_hours *full_hours)
{
    for (size_t i = 0; i < full_hours->hour_count; i++)
        full_hours->hours[i].taken = 0;
}

static int compare(const void *left, const void *right)
{
    const struct refused *one = left, *other = right;

    if (one->partition != other->partition)
        return one->partition < other->partition ? -1 : 1;
    return (one->offset > other->offset) - (one->offset < other->offset);
}

void full_hours_set_refused(struct full_hours *full_hours, struct refused *refused, size_t count)
{
    free(full_hours->refused);
    full_hours->refused = refused;
    full_hours->refused_count = count;
    if (count)
        qsort(refused, count, sizeof(*refused), compare);
}

bool full_hours_was_refused(const struct full_hours *full_hours, int32_t partition, int64_t offset)
{
    const struct refused wanted = {partition, offset};

    return full_hours->refused_count &&
           bsearch(&wanted, full_hours->refused, full_hours->refused_count, sizeof(wanted), compare) != NULL;
}
