#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/identity.h"
#include "archive/layout.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"
#include "doctor/subjects.h"
#include "notify/transport.h"
#include "postgres/metrics.h"
#include "postgres/roles.h"
#include "postgres/schema.h"
#include "postgres/status.h"
#include "postgres/window.h"

#define SCHEMA "postgres_schema"
#define RIGHTS "postgres_rights"
#define QUOTAS "quota_history"
#define PUBLICATION "postgres_publication"
#define ROW_FILTERS "postgres_row_filters"
#define IDENTITY "storage_identity"
#define ERASURE "user_erasure"

/* Indexed by contract_id, between the schema and the rights. */
const char *const table_checks[] = {
    SCHEMA,   "table_bytes", "table_bytes_hourly", "table_user_metadata", "table_user_quota_limit",
    RIGHTS,   QUOTAS,        PUBLICATION,          ROW_FILTERS,           ERASURE,
    IDENTITY, NULL};

/* What each role is for, indexed by role_id. */
static const char *const purposes[ROLES] = {"run speed", "run batch, verify and status", "read what dashboards show",
                                            "run notify"};

/* Whether there is a schema whose rights can be looked at. */
static bool examine_schema(struct doctor *doctor, struct postgres *postgres)
{
    struct error error;
    bool there = false;
    total_kind_set kinds = 0;
    int64_t window = 0;

    if (schema_has_bookkeeping(postgres, &there, &error)) {
        found_error(doctor, SCHEMA, &error);
        return false;
    }
    if (!there) {
        found_failed(doctor, SCHEMA, "run antenna provision", "the schema antenna does not exist in this database");
        return false;
    }
    if (schema_check_version(postgres, &error) == 0 && window_read(postgres, &window, &error) == 0 &&
        metrics_read(postgres, &kinds, &error) == 0)
        found_ok(doctor, SCHEMA, "the schema antenna has version %d, as this program has, and the window of %s",
                 SCHEMA_VERSION, window_show(window).text);
    else if (strcmp(postgres_sqlstate(postgres), SQLSTATE_INSUFFICIENT_PRIVILEGE) == 0)
        found_skipped(doctor, SCHEMA, "this user may not read the version of the schema antenna");
    else
        found_error(doctor, SCHEMA, &error);
    return true;
}

/* Whether the table is sound; else its flaws are found. */
static bool examine_flaws(struct doctor *doctor, struct postgres *postgres, enum contract_id id)
{
    cleanup(flaws_release) struct flaws flaws = {0};
    struct error error;

    if (flaws_find(postgres, &contracts[id], config_text(doctor->config, contracts[id].option), &flaws, &error)) {
        found_error(doctor, table_checks[1 + id], &error);
        return false;
    }
    for (size_t i = 0; i < flaws.count; i++) {
        const struct flaw *flaw = &flaws.list[i];
        /* Users may be written by others alone. */
        bool light = flaw->weight == FLAW_WARNING || (flaw->writing && id == CONTRACT_USER_METADATA);

        (light ? found_warning : found_failed)(doctor, table_checks[1 + id], flaw->hint, "%s", flaw->text);
    }
    return flaws.count == 0;
}

static void examine_table(struct doctor *doctor, struct postgres *postgres, enum contract_id id)
{
    const char *table = config_text(doctor->config, contracts[id].option), *check = table_checks[1 + id];
    enum contract_state state;
    struct error error;

    if (contract_compare(postgres, &contracts[id], table, &state, &error)) {
        found_error(doctor, check, &error);
        return;
    }
    if (state == TABLE_WITHOUT_KEY && !examine_flaws(doctor, postgres, id))
        return;
    switch (state) {
    case TABLE_MISSING:
        found_failed(doctor, check, "run antenna provision, or check the table's name", "table \"%s\" does not exist",
                     table);
        break;
    case TABLE_WITHOUT_KEY:
        found_failed(doctor, check, "make a backup, and run antenna provision --adopt",
                     "table \"%s\" has no key, as the Spark job made it", table);
        break;
    case TABLE_COMPLETE:
        if (examine_flaws(doctor, postgres, id))
            found_ok(doctor, check, "table \"%s\" has its columns and its key", table);
        break;
    }
}

static int find_missing(struct doctor *doctor, struct postgres *postgres, struct missing_rights missing[ROLES],
                        struct error *error)
{
    for (int i = 0; i < ROLES; i++)
        if (rights_missing(postgres, doctor->config, (enum role_id)i, &missing[i], error))
            return -1;
    return 0;
}

/* The role that the user comes nearest to. */
static enum role_id nearest_role(const struct missing_rights missing[ROLES])
{
    enum role_id nearest = ROLE_SPEED;

    for (int i = 0; i < ROLES; i++)
        if (missing[i].count < missing[nearest].count)
            nearest = (enum role_id)i;
    return nearest;
}

static void judge_rights(struct doctor *doctor, const struct missing_rights missing[ROLES])
{
    cleanup(buffer_release) struct buffer may = {0}, fix = {0};
    const char *user = config_text(doctor->config, OPTION_JDBC_USER);
    enum role_id wanted = config_has(doctor->config, OPTION_KAFKA_SERVER) ? ROLE_SPEED
                          : transport_is_set(doctor->config)              ? ROLE_NOTIFY
                                                                          : nearest_role(missing);

    for (int i = 0; i < ROLES; i++)
        if (missing[i].count == 0)
            buffer_printf(&may, "%s%s", may.size ? "; " : "", purposes[i]);
    if (missing[wanted].count == 0) {
        found_ok(doctor, RIGHTS, "user \"%s\" may %s", user, may.data);
        return;
    }
    buffer_printf(&fix, "GRANT %s TO \"%s\"; antenna provision --%s makes that role", roles[wanted].name, user,
                  option_table[roles[wanted].password_file].name);
    found_failed(doctor, RIGHTS, fix.data, "user \"%s\" may %s; to %s it lacks %s", user,
                 may.size ? may.data : "run no job", purposes[wanted], missing[wanted].text.data);
}

static void examine_rights(struct doctor *doctor, struct postgres *postgres)
{
    struct missing_rights missing[ROLES] = {{0}};
    struct error error;

    if (find_missing(doctor, postgres, missing, &error))
        found_error(doctor, RIGHTS, &error);
    else
        judge_rights(doctor, missing);
    for (int i = 0; i < ROLES; i++)
        buffer_release(&missing[i].text);
}

static void examine_quotas(struct doctor *doctor, struct postgres *postgres)
{
    const char *table = config_text(doctor->config, OPTION_USER_METADATA_TABLE);
    struct error error;
    bool notes = false;

    if (schema_notes_quotas(postgres, doctor->config, &notes, &error))
        found_error(doctor, QUOTAS, &error);
    else if (notes)
        found_ok(doctor, QUOTAS, "changes of table \"%s\" are noted in antenna.user_quota", table);
    else
        found_failed(
            doctor, QUOTAS, "run antenna provision, which creates the triggers",
            "triggers of table \"%s\" are missing or disabled: its changes are not noted in antenna.user_quota", table);
}

static void examine_publications(struct doctor *doctor, struct postgres *postgres)
{
    cleanup(buffer_release) struct buffer tables = {0};
    struct error error;

    if (schema_unidentified(postgres, doctor->config, &tables, &error))
        found_error(doctor, PUBLICATION, &error);
    else if (tables.size)
        found_failed(doctor, PUBLICATION, "run antenna provision, or ALTER TABLE … REPLICA IDENTITY FULL",
                     "publications refuse changes of tables without a replica identity: %s", tables.data);
    else
        found_ok(doctor, PUBLICATION, "no publication refuses changes of the tables");
}

/* Triggers, rules and row-level security on the tables. */
static void examine_row_filters(struct doctor *doctor, struct postgres *postgres)
{
    cleanup(memory_free) char *active = NULL;
    cleanup(memory_free) char *possible = NULL;
    struct error error;

    if (row_filters_find(postgres, doctor->config, &active, &possible, &error))
        found_error(doctor, ROW_FILTERS, &error);
    else if (*active)
        found_failed(doctor, ROW_FILTERS, "drop the rules; ALTER ROLE … BYPASSRLS, or disable row-level security there",
                     "rows can be dropped or hidden from this user by: %s%s%s", active, *possible ? ", " : "",
                     possible);
    else if (*possible)
        found_warning(doctor, ROW_FILTERS, "make sure that none of them drops or changes rows of a job",
                      "rows may be dropped or changed by: %s", possible);
    else
        found_ok(doctor, ROW_FILTERS, "no trigger, rule or row-level security on the tables");
}

/* Whether a run of forget was killed, or left something. */
static void examine_erasure(struct doctor *doctor, struct postgres *postgres)
{
    struct forgetting_status forgetting = {0};
    struct error error;
    char time[TIME_TEXT_SIZE];

    if (status_forgetting(postgres, &forgetting, &error) == 0 && forgetting.count == 0)
        found_ok(doctor, ERASURE, "antenna forget has left no user half erased");
    else if (forgetting.count)
        found_warning(doctor, ERASURE, "run antenna forget with this id again, unless it is under way",
                      "user \"%s\" is not erased completely since %s; users in all: %" PRId64,
                      text_show(forgetting.id).text, time_format(forgetting.begun_at, time), forgetting.count);
    else if (strcmp(postgres_sqlstate(postgres), SQLSTATE_INSUFFICIENT_PRIVILEGE) == 0)
        found_skipped(doctor, ERASURE, "this user may not read antenna.forgetting");
    else
        found_error(doctor, ERASURE, &error);
    free(forgetting.id);
}

/* Whether the storage root is the archive of the database. */
static void examine_identity(struct doctor *doctor, struct postgres *postgres)
{
    const char *root = config_text(doctor->config, OPTION_STORAGE_ROOT);
    cleanup(memory_free) char *data = NULL;
    char id[DATA_SET_ID_SIZE];
    struct error error;

    if (!root) {
        found_skipped(doctor, IDENTITY, "no --storage-root is given");
        return;
    }
    if (schema_check_version(postgres, &error)) {
        found_skipped(doctor, IDENTITY, "the schema antenna cannot be read: %s", error.message);
        return;
    }
    data = memory_printf("%s/" LAYOUT_DATA, root);
    if (identity_check(postgres, data, IDENTITY_READ, id, &error))
        found_error(doctor, IDENTITY, &error);
    else if (*id)
        found_ok(doctor, IDENTITY, "the storage root is the archive of this database");
    else
        found_ok(doctor, IDENTITY, "the storage root has no identity yet: the next start of speed writes it");
}

void examine_tables(struct doctor *doctor, struct postgres *postgres)
{
    bool there = examine_schema(doctor, postgres);

    for (int i = 0; i < CONTRACTS; i++)
        examine_table(doctor, postgres, (enum contract_id)i);
    if (!there) {
        found_skipped(doctor, RIGHTS, "there is no schema to have rights in");
        found_skipped(doctor, QUOTAS, "there is no schema that has it");
        found_skipped(doctor, PUBLICATION, "there is no schema whose tables it could have");
        found_skipped(doctor, ROW_FILTERS, "there is no schema antenna");
        found_skipped(doctor, ERASURE, "there is no schema antenna");
        found_skipped(doctor, IDENTITY, "there is no schema antenna");
        return;
    }
    examine_rights(doctor, postgres);
    examine_quotas(doctor, postgres);
    examine_publications(doctor, postgres);
    examine_row_filters(doctor, postgres);
    examine_erasure(doctor, postgres);
    examine_identity(doctor, postgres);
}
