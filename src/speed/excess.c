#include "speed/excess.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"

void excess_release(struct excess *excess)
{
    free(excess->hours);
    free(excess->refused);
    *excess = (struct excess){0};
}

static struct full_hour *find(const struct excess *excess, int64_t hour)
{
    for (size_t i = 0; i < excess->hour_count; i++)
        if (excess->hours[i].hour == hour)
            return &excess->hours[i];
    return NULL;
}

/* Resets `taken`: the failed commit is dropped with all that was taken. */
void excess_learn(struct excess *excess, int64_t hour, int64_t committed)
{
    struct full_hour *known = find(excess, hour);

    if (!known) {
        excess->hours = memory_resize(excess->hours, excess->hour_count + 1, sizeof(*excess->hours));
        known = &excess->hours[excess->hour_count++];
    }
    *known = (struct full_hour){.hour = hour, .committed = committed};
}

/* An hour that no commit has found full has room: the first event that exceeds it makes its commit fail. */
bool excess_has_room(const struct excess *excess, int64_t timestamp, int64_t bytes)
{
    const struct full_hour *known = excess->hour_count ? find(excess, time_hour(timestamp)) : NULL;

    return !known || bytes <= INT64_MAX - known->committed - known->taken;
}

void excess_take(struct excess *excess, int64_t timestamp, int64_t bytes)
{
    struct full_hour *known = excess->hour_count ? find(excess, time_hour(timestamp)) : NULL;

    if (known)
        known->taken += bytes;
}

/* `committed` is this worker's knowledge: others add to the hour, too. If their bytes fill it, the next commit fails,
 * and learns it. */
void excess_commit(struct excess *excess)
{
    for (size_t i = 0; i < excess->hour_count; i++) {
        invariant(excess->hours[i].taken <= INT64_MAX - excess->hours[i].committed);
        excess->hours[i].committed += excess->hours[i].taken;
        excess->hours[i].taken = 0;
    }
}

void excess_drop(struct excess *excess)
{
    for (size_t i = 0; i < excess->hour_count; i++)
        excess->hours[i].taken = 0;
}

static int compare(const void *left, const void *right)
{
    const struct refused *one = left, *other = right;

    if (one->partition != other->partition)
        return one->partition < other->partition ? -1 : 1;
    return (one->offset > other->offset) - (one->offset < other->offset);
}

void excess_set_refused(struct excess *excess, struct refused *refused, size_t count)
{
    free(excess->refused);
    excess->refused = refused;
    excess->refused_count = count;
    if (count)
        qsort(refused, count, sizeof(*refused), compare);
}

bool excess_was_refused(const struct excess *excess, int32_t partition, int64_t offset)
{
    const struct refused wanted = {partition, offset};

    return excess->refused_count &&
           bsearch(&wanted, excess->refused, excess->refused_count, sizeof(wanted), compare) != NULL;
}
