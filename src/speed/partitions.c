#include "speed/partitions.h"

#include <stdlib.h>
#include <string.h>

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

struct progress_step partition_step(const struct partition *partition, int64_t from_offset,
                                    const struct partition_delta *delta)
{
    return (struct progress_step){
        .partition = partition->id,
        .epoch = partition->epoch,
        .from_offset = from_offset,
        .next_offset = partition->next_offset,
        .records = delta->records,
        .rejected = delta->rejected,
        .bytes = delta->bytes,
        .until = delta->until,
    };
}

struct progress partition_progress(const struct partition *partition)
{
    return (struct progress){
        .partition = partition->id,
        .totals_offset = partition->totals_offset,
        .archive_offset = partition->archive_offset,
        .epoch = partition->epoch,
    };
}

void partitions_unclaim(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++) {
        struct partition *partition = &partitions->list[i];

        *partition = (struct partition){
            .id = partition->id,
            .reading = partition->reading,
            .confirmed_offset = partition->epoch ? partition->totals_offset : partition->confirmed_offset,
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
