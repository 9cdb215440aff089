#include "batch/decreases.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"

static void note(struct decreases *decreases, const struct earlier_total *earlier, int64_t value)
{
    if (earlier->value <= value || decreases->count++)
        return;
    snprintf(decreases->example, sizeof(decreases->example), "%.*s \"%.*s\" has %" PRId64 " %s and would have %" PRId64,
             (int)earlier->label.size, earlier->label.data, (int)earlier->id.size, earlier->id.data, earlier->value,
             total_unit_name(total_kind_find(earlier->label)), value);
    text_make_printable(decreases->example);
}

static int order(const struct earlier_total *earlier, struct slice label, struct slice id)
{
    int by_label = slice_compare(earlier->label, label);

    return by_label ? by_label : slice_compare(earlier->id, id);
}

/* Earlier totals before the new one have none of their key in the new ones: they would disappear, as if they became 0.
 */
int decreases_take(struct decreases *decreases, struct slice label, struct slice id, int64_t value, struct error *error)
{
    struct earlier_total earlier;
    int status;

    while (!(status = earlier_totals_peek(&decreases->before, &earlier, error))) {
        int place = order(&earlier, label, id);

        if (place > 0)
            return 0;
        note(decreases, &earlier, place == 0 ? value : 0);
        earlier_totals_skip(&decreases->before);
        if (place == 0)
            return 0;
    }
    return status < 0 ? -1 : 0;
}

int decreases_finish(struct decreases *decreases, struct error *error)
{
    struct earlier_total earlier;
    int status;

    while (!(status = earlier_totals_peek(&decreases->before, &earlier, error))) {
        note(decreases, &earlier, 0);
        earlier_totals_skip(&decreases->before);
    }
    return status < 0 ? -1 : 0;
}

void decreases_release(struct decreases *decreases)
{
    earlier_totals_release(&decreases->before);
}
