#include "batch/lowered.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"

static void note(struct lowered *lowered, const struct earlier_total *earlier, int64_t value)
{
    if (earlier->value <= value || lowered->count++)
        return;
    snprintf(lowered->example, sizeof(lowered->example), "%.*s \"%.*s\" has %" PRId64 " %s and would have %" PRId64,
             (int)earlier->label.size, earlier->label.data, (int)earlier->id.size, earlier->id.data, earlier->value,
             total_unit_name(total_kind_find(earlier->label)), value);
    text_make_printable(lowered->example);
}

static int order(const struct earlier_total *earlier, struct slice label, struct slice id)
{
    int by_label = slice_compare(earlier->label, label);

    return by_label ? by_label : slice_compare(earlier->id, id);
}

/* Earlier totals before the new one have none of their key in the new ones: they would disappear, as if they became 0.
 */
int lowered_take(struct lowered *lowered, struct slice label, struct slice id, int64_t value, struct error *error)
{
    struct earlier_total earlier;
    int status;

    while (!(status = earlier_totals_look(&lowered->before, &earlier, error))) {
        int place = order(&earlier, label, id);

        if (place > 0)
            return 0;
        note(lowered, &earlier, place == 0 ? value : 0);
        earlier_totals_pass(&lowered->before);
        if (place == 0)
            return 0;
    }
    return status < 0 ? -1 : 0;
}

int lowered_finish(struct lowered *lowered, struct error *error)
{
    struct earlier_total earlier;
    int status;

    while (!(status = earlier_totals_look(&lowered->before, &earlier, error))) {
        note(lowered, &earlier, 0);
        earlier_totals_pass(&lowered->before);
    }
    return status < 0 ? -1 : 0;
}

void lowered_release(struct lowered *lowered)
{
    earlier_totals_release(&lowered->before);
}
