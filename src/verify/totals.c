#include "verify/totals.h"

#include "verify/difference.h"

/* Differing totals of a table that are told one by one. */
#define TOLD_MAX 5

enum side { SIDE_SPEED, SIDE_HOURLY, SIDES };

/* Two lists in one order, one from the files, one from the tables, walked side by side. */
struct walk {
    const struct totals_check *check;
    struct hour_finding *finding;
    int next; /* of the tables' totals */
    size_t differing[SIDES];
};

static bool is_checked(const struct totals_check *check, enum side side)
{
    return side == SIDE_SPEED ? check->speed : check->hourly;
}

/* Whether a table may lack totals of a kind: what was counted before the metric was switched on. */
static bool may_lack(const struct totals_check *check, enum side side, enum total_kind kind)
{
    const struct hour_sums *sums = check->sums;

    return total_kind_in(sums->kinds & ~(side == SIDE_SPEED ? sums->speed_kinds : sums->hourly_kinds), kind);
}

/* Whether it may be of events of no bytes, which no sum shows, on their way. */
static bool may_wait(const struct hour_sums *sums, enum side side, int64_t archived, int64_t found)
{
    return side == SIDE_SPEED && ((found == 0 && archived == LEDGER_NONE && sums->messages_to_archive > 0) ||
                                  (found == LEDGER_NONE && archived == 0 && sums->messages_to_total > 0));
}

/* `archived` and `found` are LEDGER_NONE where there is no total. */
static void compare(struct walk *walk, enum side side, struct slice label, struct slice id, int64_t archived,
                    int64_t found)
{
    static const char *const tables[SIDES] = {"the window totals have", "the hourly totals have"};
    enum total_kind kind;

    if (!is_checked(walk->check, side) || archived == found || may_wait(walk->check->sums, side, archived, found))
        return;
    kind = total_kind_find(label);
    if (may_lack(walk->check, side, kind) || ++walk->differing[side] > TOLD_MAX)
        return;
    differences_add(&walk->finding->differences, side == SIDE_SPEED ? CAUSE_SPEED_EDITED : CAUSE_HOURLY_EDITED,
                    "%s %lld %s of %.*s \"%.*s\", the files %lld", tables[side],
                    (long long)(found == LEDGER_NONE ? 0 : found), total_unit_name(kind), (int)label.size, label.data,
                    (int)id.size, id.data, (long long)(archived == LEDGER_NONE ? 0 : archived));
}

static void compare_both(struct walk *walk, const struct ledger_total *total, int64_t archived)
{
    compare(walk, SIDE_SPEED, total->label, total->id, archived, total->speed);
    compare(walk, SIDE_HOURLY, total->label, total->id, archived, total->hourly);
}

static int order(const struct ledger_total *total, struct slice label, struct slice id)
{
    int by_label = slice_compare(total->label, label);

    return by_label ? by_label : slice_compare(total->id, id);
}

/* A total of the files: the tables' totals that come before it have no counterpart. */
static int take_total(void *context, const struct hour_total *archived, struct error *error)
{
    struct walk *walk = context;
    const struct ledger_totals *totals = walk->check->totals;
    struct slice label = slice_of(total_kinds[archived->kind].label);
    struct ledger_total none = {label, archived->id, LEDGER_NONE, LEDGER_NONE};

    (void)error;
    for (; walk->next < totals->count; walk->next++) {
        struct ledger_total total = ledger_total_at(totals, walk->next);
        int place = order(&total, label, archived->id);

        if (place > 0)
            break;
        compare_both(walk, &total, place == 0 ? archived->value : LEDGER_NONE);
        if (place == 0) {
            walk->next++;
            return 0;
        }
    }
    compare_both(walk, &none, archived->value);
    return 0;
}

int verify_totals(const struct totals_check *check, struct hour_finding *finding, struct error *error)
{
    struct walk walk = {.check = check, .finding = finding};
    const struct reader_files files = {check->files, NULL};

    if (check->files->count && reader_sum(check->reader, &files, check->sums->kinds, take_total, &walk, error))
        return -1;
    for (; walk.next < check->totals->count; walk.next++) {
        struct ledger_total total = ledger_total_at(check->totals, walk.next);

        compare_both(&walk, &total, LEDGER_NONE);
    }
    for (int side = 0; side < SIDES; side++)
        if (walk.differing[side] > TOLD_MAX)
            differences_add(&finding->differences, side == SIDE_SPEED ? CAUSE_SPEED_EDITED : CAUSE_HOURLY_EDITED,
                            "and %zu more totals", walk.differing[side] - TOLD_MAX);
    return 0;
}
