#include "postgres/forget.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "postgres/schema.h"
#include "postgres/sql.h"
#include "record/mention.h"
#include "record/total_kind.h"

enum rejected_column { REJECTED_JOB, REJECTED_TOPIC, REJECTED_PARTITION, REJECTED_OFFSET, REJECTED_KEYS };
enum rejected_text { REJECTED_PAYLOAD = REJECTED_KEYS, REJECTED_DETAIL, REJECTED_CUT };

/* What names the user: id, names and e-mail addresses; and the same as it is in the detail of a rejected message
 * (reject() in record/record.c). */
struct names {
    char **texts, **masked;
    size_t count;
};

/* The kinds of totals that are keyed by a user, and by which part of their ids. */
struct user_kinds {
    struct array labels, parts;
};

void forgetting_release(struct forgetting *user)
{
    free(user->pseudonym);
    free(user->names);
    free(user->emails);
}

static void release_kinds(struct user_kinds *kinds)
{
    array_release(&kinds->labels);
    array_release(&kinds->parts);
}

static struct user_kinds user_kinds(void)
{
    struct user_kinds kinds = {0};

    array_begin(&kinds.labels, ARRAY_TEXT);
    array_begin(&kinds.parts, ARRAY_INTEGER);
    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++) {
        enum key_part part = total_kind_part(kind, TEXT_USER);

        if (part == KEY_NO_PART)
            continue;
        array_add(&kinds.labels, (union element){.bytes = slice_of(total_kinds[kind].label)});
        array_add(&kinds.parts, (union element){.number = part});
    }
    return kinds;
}

/* Runs a statement about the user, and the pseudonym and the addresses that it may ask for, on the tables of the
 * configuration. */
static int run(struct postgres *postgres, const struct config *config, const char *text, const struct forgetting *user,
               int parameter_count, PGresult **ret_result, struct error *error)
{
    cleanup(memory_free) char *sql = schema_with_tables(text, config);
    const char *const values[] = {user->id, user->pseudonym, user->emails};
    struct parameters parameters = {0};

    for (int i = 0; i < parameter_count; i++)
        parameters_text(&parameters, values[i]);
    return postgres_run(postgres, sql, &parameters, ret_result, error);
}

/* The same of one that changes rows; adds how many. */
static int change(struct postgres *postgres, const struct config *config, const char *text,
                  const struct forgetting *user, int parameter_count, int64_t *rows, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (run(postgres, config, text, user, parameter_count, &result, error))
        return -1;
    *rows += (int64_t)postgres_changed(result);
    return 0;
}

int forget_begin(struct postgres *postgres, const struct config *config, struct forgetting *user,
                 struct forgotten_rows *rows, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    int64_t copied = 0;

    if (run(postgres, config, sql_begin_forgetting, user, 1, &result, error))
        return error_context(error, "could not note that the user is forgotten");
    forgetting_release(user);
    user->pseudonym = postgres_text(result, 0, 0);
    user->names = postgres_text(result, 0, 1);
    user->emails = postgres_text(result, 0, 2);
    if (change(postgres, config, sql_delete_person, user, 1, &rows->users, error) ||
        change(postgres, config, sql_copy_quotas, user, 2, &copied, error))
        return error_context(error, "could not remove the user");
    return 0;
}

/* `from` and `to` are NULL for all times. */
static int rename_totals(struct postgres *postgres, const char *table, const struct forgetting *user,
                         const int64_t *from, int64_t *rows, struct error *error)
{
    cleanup(memory_free) char *sql = postgres_with_table(sql_rename_totals, "table", table);
    cleanup(release_kinds) struct user_kinds kinds = user_kinds();
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    if (from) {
        parameters_timestamp(&parameters, *from);
        parameters_timestamp(&parameters, *from + SECONDS_PER_HOUR);
    } else {
        parameters_text(&parameters, NULL);
        parameters_text(&parameters, NULL);
    }
    parameters_array(&parameters, &kinds.labels);
    parameters_array(&parameters, &kinds.parts);
    parameters_text(&parameters, user->id);
    parameters_text(&parameters, user->pseudonym);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not change the totals of table \"%s\"", table);
    *rows += postgres_number(result, 0, 0);
    return written_check(postgres, table, postgres_number(result, 0, 0), postgres_number(result, 0, 1), error);
}

/* Commits that add to the hour wait from here on. */
static int check_sides_equal(struct postgres *postgres, int64_t hour, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_timestamp(&parameters, hour);
    if (postgres_do(postgres, sql_hold_hour_bytes, &parameters, error) ||
        postgres_run(postgres, sql_select_sides_equal, &parameters, &result, error))
        return error_context(error, "could not read how far the hour's totals and archive are");
    return postgres_number(result, 0, 0) == 0;
}

/* Commits lock the rows of totals before the hour: so does this. */
int forget_hour(struct postgres *postgres, const struct config *config, const struct forgetting *user, int64_t hour,
                struct forgotten_rows *rows, struct error *error)
{
    if (rename_totals(postgres, config_text(config, OPTION_JDBC_TABLE), user, &hour, &rows->totals, error) ||
        rename_totals(postgres, config_text(config, OPTION_BYTES_HOURLY_TABLE), user, &hour, &rows->hourly_totals,
                      error))
        return -1;
    return check_sides_equal(postgres, hour, error);
}

static int rename_other_totals(struct postgres *postgres, const struct forgetting *user, int64_t *rows,
                               struct error *error)
{
    cleanup(postgres_clear) PGresult *tables = NULL;

    if (postgres_run(postgres, sql_select_other_tables, NULL, &tables, error))
        return error_context(error, "could not read the tables of other jobs");
    for (int i = 0; i < PQntuples(tables); i++)
        if (rename_totals(postgres, PQgetvalue(tables, i, 0), user, NULL, rows, error))
            return -1;
    return 0;
}

static void release_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->texts[i]);
        free(names->masked[i]);
    }
    free(names->texts);
    free(names->masked);
}

static int read_names(struct postgres *postgres, const struct forgetting *user, struct names *ret_names,
                      struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, user->id);
    parameters_text(&parameters, user->names);
    parameters_text(&parameters, user->emails);
    if (postgres_run(postgres, sql_select_names, &parameters, &result, error))
        return error_context(error, "could not read what names the user");
    ret_names->count = (size_t)PQntuples(result);
    ret_names->texts = memory_new(ret_names->count, sizeof(*ret_names->texts));
    ret_names->masked = memory_new(ret_names->count, sizeof(*ret_names->masked));
    for (size_t i = 0; i < ret_names->count; i++) {
        ret_names->texts[i] = postgres_text(result, (int)i, 0);
        ret_names->masked[i] = postgres_text(result, (int)i, 0);
        for (char *byte = ret_names->masked[i]; *byte; byte++)
            if (*byte < ' ' || *byte > '~')
                *byte = '?';
    }
    return 0;
}

static bool names_user(const struct names *names, struct slice payload, bool cut, const char *detail)
{
    for (size_t i = 0; i < names->count; i++)
        if (mention_find(payload, cut, names->texts[i]) || mention_find(slice_of(detail), false, names->masked[i]))
            return true;
    return false;
}

/* Erases those of the messages that name the user. */
static int erase_rejected(struct postgres *postgres, const PGresult *messages, const struct names *names, int64_t *rows,
                          struct error *error)
{
    static const enum array_element types[] = {ARRAY_TEXT, ARRAY_TEXT, ARRAY_INTEGER, ARRAY_BIGINT, ARRAY_END};
    cleanup(columns_release) struct columns named = {0};
    struct parameters parameters = {0};

    columns_begin(&named, types);
    for (int i = 0; i < PQntuples(messages); i++) {
        size_t size;
        const char *written = PQgetvalue(messages, i, REJECTED_PAYLOAD);
        unsigned char *payload = PQunescapeBytea((const unsigned char *)written, &size);
        const union element key[REJECTED_KEYS] = {
            [REJECTED_JOB] = {.bytes = slice_of(PQgetvalue(messages, i, REJECTED_JOB))},
            [REJECTED_TOPIC] = {.bytes = slice_of(PQgetvalue(messages, i, REJECTED_TOPIC))},
            [REJECTED_PARTITION] = {.number = postgres_number(messages, i, REJECTED_PARTITION)},
            [REJECTED_OFFSET] = {.number = postgres_number(messages, i, REJECTED_OFFSET)},
        };

        if (!payload)
            return error_set(error, ANT_POSTGRES_ANSWER, "could not read the payload of a rejected message");
        if (names_user(names, (struct slice){(char *)payload, size}, postgres_number(messages, i, REJECTED_CUT) != 0,
                       PQgetvalue(messages, i, REJECTED_DETAIL)))
            columns_add(&named, key);
        PQfreemem(payload);
    }
    if (columns_rows(&named) == 0)
        return 0;
    *rows += (int64_t)columns_rows(&named);
    parameters_columns(&parameters, &named);
    return written_run(postgres, sql_erase_rejected, &parameters, "antenna.rejected_message", columns_rows(&named),
                       error);
}

static int forget_rejected(struct postgres *postgres, const struct names *names, int64_t *rows, struct error *error)
{
    cleanup(array_release) struct array texts = {0}, masked = {0};
    struct parameters parameters = {0};
    int found;

    array_of_texts(&texts, (const char *const *)names->texts, names->count);
    array_of_texts(&masked, (const char *const *)names->masked, names->count);
    parameters_array(&parameters, &texts);
    parameters_array(&parameters, &masked);
    if (postgres_do(postgres, sql_hold_rejected_naming, &parameters, error))
        return -1;
    do {
        cleanup(postgres_clear) PGresult *messages = NULL;

        if (postgres_run(postgres, sql_fetch_rejected_naming, NULL, &messages, error) ||
            erase_rejected(postgres, messages, names, rows, error))
            return -1;
        found = PQntuples(messages);
    } while (found > 0);
    return 0;
}

/* Runs a statement with all that names the user: id, pseudonym, names, addresses, labels of the totals keyed by a user.
 */
static int run_with_names(struct postgres *postgres, const struct config *config, const char *text,
                          const struct forgetting *user, PGresult **ret_result, struct error *error)
{
    cleanup(memory_free) char *sql = schema_with_tables(text, config);
    cleanup(release_kinds) struct user_kinds kinds = user_kinds();
    struct parameters parameters = {0};

    parameters_text(&parameters, user->id);
    parameters_text(&parameters, user->pseudonym);
    parameters_text(&parameters, user->names);
    parameters_text(&parameters, user->emails);
    parameters_array(&parameters, &kinds.labels);
    return postgres_run(postgres, sql, &parameters, ret_result, error);
}

static int forget_put_aside(struct postgres *postgres, const struct config *config, const struct forgetting *user,
                            int64_t *rows, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (run_with_names(postgres, config, sql_rename_put_aside, user, &result, error))
        return -1;
    *rows += (int64_t)postgres_changed(result);
    return 0;
}

static int forget_notices(struct postgres *postgres, const struct config *config, const struct forgetting *user,
                          int64_t *rows, struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (run(postgres, config, sql_rename_notices, user, 2, &result, error))
        return -1;
    *rows += postgres_number(result, 0, 0);
    return 0;
}

int forget_rest(struct postgres *postgres, const struct config *config, const struct forgetting *user,
                struct forgotten_rows *rows, struct error *error)
{
    cleanup(release_names) struct names names = {0};

    if (rename_other_totals(postgres, user, &rows->other_totals, error) || read_names(postgres, user, &names, error))
        return -1;
    if (change(postgres, config, sql_rename_limits, user, 3, &rows->limits, error))
        return error_context(error, "could not change the users over quota");
    if (forget_notices(postgres, config, user, &rows->notices, error))
        return error_context(error, "could not change the notices");
    if (forget_put_aside(postgres, config, user, &rows->put_aside, error))
        return error_context(error, "could not change the rows that were put aside");
    if (forget_rejected(postgres, &names, &rows->rejected, error))
        return error_context(error, "could not erase rejected messages");
    return 0;
}

int forget_count_traces(struct postgres *postgres, const struct config *config, const struct forgetting *user,
                        int64_t *ret_count, struct error *error)
{
    cleanup(memory_free) char *sql = schema_with_tables(sql_count_traces, config);
    cleanup(release_kinds) struct user_kinds kinds = user_kinds();
    cleanup(postgres_clear) PGresult *result = NULL;
    struct parameters parameters = {0};

    parameters_text(&parameters, user->id);
    parameters_array(&parameters, &kinds.labels);
    parameters_array(&parameters, &kinds.parts);
    if (postgres_run(postgres, sql, &parameters, &result, error))
        return error_context(error, "could not look for traces of the user");
    *ret_count = postgres_number(result, 0, 0);
    return 0;
}

/* What an operator's trigger or rule keeps is no success. */
int forget_refuse_left(struct postgres *postgres, const struct config *config, const struct forgetting *user,
                       struct error *error)
{
    cleanup(postgres_clear) PGresult *result = NULL;

    if (run_with_names(postgres, config, sql_select_left, user, &result, error))
        return error_context(error, "could not look for what is left of the user");
    if (PQntuples(result) == 0)
        return 0;
    error_set(error, ANT_ROWS_CHANGED, "table \"%s\" still has %" PRId64 " rows of the user", PQgetvalue(result, 0, 0),
              postgres_number(result, 0, 1));
    return error_hint(error, "disable the triggers and rules that keep them, and run the command again");
}

int forget_end(struct postgres *postgres, const struct config *config, const struct forgetting *user,
               struct forgotten_rows *rows, struct error *error)
{
    int64_t notes = 0;

    if (change(postgres, config, sql_delete_quotas, user, 1, &rows->quotas, error) ||
        change(postgres, config, sql_end_forgetting, user, 1, &notes, error))
        return error_context(error, "could not note that the user is forgotten");
    return 0;
}
