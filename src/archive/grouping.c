#include "archive/grouping.h"

#include <inttypes.h>

#include "base/time.h"

/* Where the window begins, in seconds since the Unix epoch; each belongs to one hour. */
#define WINDOW "window_start"

/* The id of a kind's totals by its texts; that of a pair as pair_join() writes it. */
static void append_id(struct buffer *sql, const struct total_kind_entry *kind)
{
    if (!key_is_pair(kind->key)) {
        buffer_text(sql, text_field(kind->texts[0])->name);
        return;
    }
    for (int i = 0; i < 2; i++)
        buffer_printf(sql, "%sreplace(replace(%s, '%c', '%c%c'), '%c', '%c%c')",
                      i ? " || '" PAIR_SEPARATOR "' || " : "", text_field(kind->texts[i])->name, *PAIR_ESCAPE,
                      *PAIR_ESCAPE, *PAIR_ESCAPE, *PAIR_SEPARATOR, *PAIR_ESCAPE, *PAIR_SEPARATOR);
}

/* The texts by which the kinds are grouped, a bit each. */
static unsigned texts_of(total_kind_set kinds)
{
    unsigned texts = 0;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(kinds, kind))
            texts |= 1u << total_kinds[kind].texts[0] | 1u << total_kinds[kind].texts[1];
    return texts;
}

static void append_texts(struct buffer *sql, unsigned texts)
{
    const char *separator = "";

    for (enum text text = 0; text < TEXTS; text++)
        if (texts >> text & 1) {
            buffer_printf(sql, "%s%s", separator, text_field(text)->name);
            separator = ", ";
        }
}

/* GROUPING() of all texts where rows are grouped by those of the kind: the last text's bit is 1, and that of each text
 * by which they are not grouped is set. */
static unsigned grouping_of(total_kind_set kinds, enum total_kind kind)
{
    unsigned all = texts_of(kinds), grouped = texts_of(1u << kind), grouping = 0;

    for (enum text text = 0; text < TEXTS; text++)
        if (all >> text & 1)
            grouping = grouping << 1 | !(grouped >> text & 1);
    return grouping;
}

/* Whether an earlier kind has the same texts: they share a group. */
static bool shares_group(total_kind_set kinds, enum total_kind kind)
{
    for (enum total_kind other = 0; other < kind; other++)
        if (total_kind_in(kinds, other) && texts_of(1u << other) == texts_of(1u << kind))
            return true;
    return false;
}

static void append_groups(struct buffer *sql, total_kind_set kinds, bool windows)
{
    const char *separator = "";

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++) {
        if (!total_kind_in(kinds, kind) || shares_group(kinds, kind))
            continue;
        buffer_printf(sql, "%s(%s", separator, windows ? WINDOW ", " : "");
        append_texts(sql, texts_of(1u << kind));
        buffer_text(sql, ")");
        separator = ", ";
    }
}

/* What is made of a group for each kind that has its texts. */
static void append_totals(struct buffer *sql, total_kind_set kinds)
{
    buffer_text(sql, "SELECT kind, CASE kind");
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(kinds, kind)) {
            buffer_printf(sql, " WHEN %d THEN ", (int)kind);
            append_id(sql, &total_kinds[kind]);
        }
    buffer_text(sql, " END AS id, events, CASE kind");
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(kinds, kind))
            buffer_printf(sql, " WHEN %d THEN %s", (int)kind, total_counts_events(kind) ? "events::HUGEINT" : "bytes");
    buffer_text(sql, " END AS value, " WINDOW);
}

static void append_kinds(struct buffer *sql, total_kind_set kinds)
{
    const char *separator = "";

    buffer_text(sql, "(VALUES ");
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(kinds, kind)) {
            buffer_printf(sql, "%s(%d, %u)", separator, (int)kind, grouping_of(kinds, kind));
            separator = ", ";
        }
    buffer_text(sql, ") AS kinds (kind, grouped)");
}

static void append_rows(struct buffer *sql, int64_t window, const char *rows)
{
    if (window)
        buffer_printf(sql, "SELECT *, time // %d // %" PRId64 " * %" PRId64 " AS " WINDOW " FROM (%s)", US_PER_SECOND,
                      window, window, rows);
    else
        buffer_text(sql, rows);
}

void grouping_append(struct buffer *sql, total_kind_set kinds, int64_t window, const char *rows)
{
    unsigned texts = texts_of(kinds);

    append_totals(sql, kinds);
    buffer_text(sql, " FROM (SELECT GROUPING(");
    append_texts(sql, texts);
    buffer_text(sql, ") AS grouped, ");
    append_texts(sql, texts);
    buffer_printf(sql, ", %s, count(*) AS events, coalesce(sum(bytes), 0)::HUGEINT AS bytes FROM (",
                  window ? WINDOW : "0::BIGINT AS " WINDOW);
    append_rows(sql, window, rows);
    buffer_text(sql, ") GROUP BY GROUPING SETS (");
    append_groups(sql, kinds, window);
    buffer_text(sql, ")) JOIN ");
    append_kinds(sql, kinds);
    buffer_printf(sql, " USING (grouped)%s", window ? "" : " ORDER BY kind, id");
}
