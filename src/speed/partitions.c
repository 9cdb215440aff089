#include "speed/partitions.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

void partitions_release(struct partitions *partitions)
{
    free(partitions->list);
    *partitions = (struct partitions){0};
}

/* The index of a partition, or where it belongs. */
static size_t search(const struct partitions *partitions, int32_t id)
{
    size_t low = 0, high = partitions->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (partitions->list[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* By binary search: it is called for each message. */
struct partition *partitions_find(const struct partitions *partitions, int32_t id)
{
    size_t index = search(partitions, id);

    return index < partitions->count && partitions->list[index].id == id ? &partitions->list[index] : NULL;
}

void partitions_add(struct partitions *partitions, int32_t id)
{
    size_t index = search(partitions, id);

    if (partitions_find(partitions, id))
        return;
    partitions->list = memory_resize(partitions->list, partitions->count + 1, sizeof(*partitions->list));
    memmove(&partitions->list[index + 1], &partitions->list[index],
            (partitions->count - index) * sizeof(*partitions->list));
    partitions->list[index] = (struct partition){.id = id};
    partitions->count++;
    invariant(index == 0 || partitions->list[index - 1].id < id);
}

void partitions_remove(struct partitions *partitions, int32_t id)
{
    size_t index = search(partitions, id);

    if (!partitions_find(partitions, id))
        return;
    partitions->count--;
    memmove(&partitions->list[index], &partitions->list[index + 1],
            (partitions->count - index) * sizeof(*partitions->list));
}

static struct side *side_of(struct partition *partition, enum side_name side)
{
    return side == SIDE_TOTALS ? &partition->totals : &partition->archive;
}

/* Messages of a side that is ahead are before its sent_offset: a partition that is read again for the archive has
 * nothing pending for the totals, and is left out of the commit until it has caught up. */
static bool has_pending(struct partition *partition, enum side_name side)
{
    return partition->epoch && partition->next_offset > side_of(partition, side)->sent_offset;
}

bool partitions_have_pending(const struct partitions *partitions, enum side_name side)
{
    for (size_t i = 0; i < partitions->count; i++)
        if (has_pending(&partitions->list[i], side))
            return true;
    return false;
}

static struct progress_step step_of(const struct partition *partition, const struct side *side)
{
    return (struct progress_step){
        .partition = partition->id,
        .epoch = partition->epoch,
        /* The compare-and-set of the protocol: the UPDATE moves the row from this offset only. If the commit or roll
         * under way is lost, PostgreSQL stays at the offset before it, no row matches, and this step is fenced instead
         * of leaving a gap. */
        .from_offset = side->sent_offset,
        .next_offset = partition->next_offset,
        .records = side->delta.records,
        .rejected = side->delta.rejected,
        .bytes = side->delta.bytes,
        .until = side->delta.until,
    };
}

struct progress_step *partitions_send(struct partitions *partitions, enum side_name side, size_t *ret_count)
{
    struct progress_step *steps = memory_new(partitions->count + 1, sizeof(*steps));
    size_t count = 0;

    for (size_t i = 0; i < partitions->count; i++) {
        struct partition *partition = &partitions->list[i];
        struct side *sends = side_of(partition, side);

        if (!has_pending(partition, side))
            continue;
        invariant(sends->offset <= sends->sent_offset);
        steps[count++] = step_of(partition, sends);
        sends->sent_offset = partition->next_offset;
        sends->delta = (struct partition_delta){0};
    }
    *ret_count = count;
    return steps;
}

void partitions_confirm(struct partitions *partitions, enum side_name side, const struct progress_step *steps,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = partitions_find(partitions, steps[i].partition);
        struct side *confirmed;

        /* A revocation or an outage finishes or drops the commit and the roll before it removes a partition or its
         * claim. If it did not, the confirmation of an old claim would move the offset of a new one. */
        invariant(partition && partition->epoch == steps[i].epoch);
        confirmed = side_of(partition, side);
        invariant(confirmed->offset == steps[i].from_offset && steps[i].next_offset <= confirmed->sent_offset);
        confirmed->offset = steps[i].next_offset;
    }
}

struct progress partition_progress(const struct partition *partition)
{
    return (struct progress){
        .partition = partition->id,
        .totals_offset = partition->totals.offset,
        .archive_offset = partition->archive.offset,
        .epoch = partition->epoch,
    };
}

/* `reading` stays: the consumer still fetches these partitions until they are unassigned (release_claims()). */
void partitions_unclaim(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++) {
        struct partition *partition = &partitions->list[i];

        *partition = (struct partition){
            .id = partition->id,
            .reading = partition->reading,
            .confirmed_offset = partition->epoch ? partition->totals.offset : partition->confirmed_offset,
        };
    }
}

size_t partitions_count_unclaimed(const struct partitions *partitions)
{
    size_t count = 0;

    for (size_t i = 0; i < partitions->count; i++)
        count += partitions->list[i].epoch == 0;
    return count;
}
