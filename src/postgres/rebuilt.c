#include "postgres/rebuilt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "postgres/sql.h"

/* The temporary table of create_rebuilt.sql, which only this session sees. */
#define REBUILT_TABLE "antenna_rebuilt"

enum state_column {
    STATE_ROWS,
    STATE_BYTES_LISTED,
    STATE_COUNTED,
    STATE_ADDED,
    STATE_VERSION,
    STATE_TO_ARCHIVE,
    STATE_TO_TOTAL,
    STATE_BYTES,
    STATE_EVENTS,
    STATE_MISSING,
    STATE_CHANGED,
    STATE_SURPLUS,
};

int64_t rebuilt_differing(const struct rebuilt_state *state)
{
    return state->missing + state->changed + state->surplus;
}

int rebuilt_begin(struct totals_writer *writer, struct postgres *postgres, const char *bytes, struct error *error)
{
    cleanup(memory_free) char *sql = postgres_with_table(sql_create_rebuilt, "bytes", bytes);

    if (postgres_script(postgres, sql, error))
        return error_context(error, "could not make room for the window totals of the archive");
    totals_begin_inserting(writer, postgres, REBUILT_TABLE);
    return 0;
}

static struct rebuilt_state read_state(const PGresult *result)
{
    struct rebuilt_state state = {
        .listed_rows = postgres_number(result, 0, STATE_ROWS),
        .listed_bytes = postgres_number(result, 0, STATE_BYTES_LISTED),
        .counted = postgres_number(result, 0, STATE_COUNTED),
        .added = postgres_number(result, 0, STATE_ADDED),
        .to_archive = postgres_number(result, 0, STATE_TO_ARCHIVE),
        .to_total = postgres_number(result, 0, STATE_TO_TOTAL),
        .bytes = postgres_number(result, 0, STATE_BYTES),
        .events = postgres_number(result, 0, STATE_EVENTS),
        .missing = postgres_number(result, 0, STATE_MISSING),
        .changed = postgres_number(result, 0, STATE_CHANGED),
        .surplus = postgres_number(result, 0, STATE_SURPLUS),
    };

    snprintf(state.version, sizeof(state.version), "%s", PQgetvalue(result, 0, STATE_VERSION));
    return state;
}

int rebuilt_compare(struct postgres *postgres, const char *bytes, int64_t hour, struct rebuilt_state *ret_state,
                    struct error *error)
{
    cleanup(memory_free) char *sql = postgres_with_table(sql_compare_rebuilt, "bytes", bytes);
    cleanup(array_release) struct array labels = {0};
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};
    total_kind_set events = 0;

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        events |= (total_kind_set)total_counts_events(kind) << kind;
    labels = totals_labels(events);
    parameters_timestamp(&parameters, hour);
    parameters_array(&parameters, &labels);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not compare the hour's window totals");
    *ret_state = read_state(result);
    return 0;
}

static int compare_turns(const void *left, const void *right)
{
    const struct total_kind_entry *one = *(const struct total_kind_entry *const *)left,
                                  *other = *(const struct total_kind_entry *const *)right;

    return (one->turn > other->turn) - (one->turn < other->turn);
}

/* The labels in the order in which commits write their rows: differences are added in the same order, so that neither
 * waits for the other in a circle. */
static struct array labels_by_turn(void)
{
    const struct total_kind_entry *kinds[TOTAL_KINDS];
    const char *labels[TOTAL_KINDS];
    struct array array = {0};

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        kinds[kind] = &total_kinds[kind];
    qsort(kinds, TOTAL_KINDS, sizeof(*kinds), compare_turns);
    for (int i = 0; i < TOTAL_KINDS; i++)
        labels[i] = kinds[i]->label;
    array_of_texts(&array, labels, TOTAL_KINDS);
    return array;
}

static int add_difference(struct postgres *postgres, const char *bytes, const struct rebuilt_state *state,
                          struct error *error)
{
    cleanup(memory_free) char *sql = postgres_with_table(sql_add_difference, "bytes", bytes);
    cleanup(array_release) struct array labels = labels_by_turn();
    struct parameters parameters = {0};

    parameters_array(&parameters, &labels);
    return written_run(postgres, sql, &parameters, bytes, (size_t)rebuilt_differing(state), error);
}

static int delete_surplus(struct postgres *postgres, const char *bytes, int64_t hour, struct error *error)
{
    cleanup(memory_free) char *sql = postgres_with_table(sql_delete_difference, "bytes", bytes);
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    return postgres_do(postgres, sql, &parameters, error);
}

/* Locks the hour's row of antenna.hour_bytes, for which commits wait, and compares its version with that of the
 * comparison. Returns 1 if a commit has come in between and it matters: surplus totals may be its new ones, and the
 * first commit of an hour has counted what the table had before. The version also changes by a commit of events of 0
 * bytes. */
static int check_version(struct postgres *postgres, int64_t hour, const struct rebuilt_state *state,
                         struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};
    const char *version;

    parameters_timestamp(&parameters, hour);
    if (postgres_run(postgres, sql_hold_hour_bytes, &parameters, &result, error))
        return -1;
    version = PQntuples(result) ? PQgetvalue(result, 0, 0) : "";
    return (state->surplus || !*state->version) && strcmp(version, state->version) != 0;
}

static int note(struct postgres *postgres, int64_t hour, const struct rebuilt_state *state,
                const struct rebuilt_input *input, struct error *error)
{
    char added[NUMBER_TEXT_SIZE];
    struct parameters parameters = {0};

    snprintf(added, sizeof(added), "%lld", (long long)state->added);
    parameters_timestamp(&parameters, hour);
    parameters_number(&parameters, input->unlisted_rows);
    parameters_number(&parameters, input->unlisted_bytes);
    parameters_number(&parameters, input->bytes);
    parameters_text(&parameters, *state->version ? added : NULL);
    return postgres_do(postgres, sql_note_rebuilt, &parameters, error);
}

int rebuilt_apply(struct postgres *postgres, const char *bytes, int64_t hour, const struct rebuilt_state *state,
                  const struct rebuilt_input *input, struct error *error)
{
    int status;

    if ((rebuilt_differing(state) && add_difference(postgres, bytes, state, error)) ||
        (state->surplus && delete_surplus(postgres, bytes, hour, error)))
        return error_context(error, "could not write the hour's window totals");
    status = check_version(postgres, hour, state, error);
    if (status > 0)
        return 1;
    return status || note(postgres, hour, state, input, error)
               ? error_context(error, "could not note that the hour's window totals were rebuilt")
               : 0;
}
