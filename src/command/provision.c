#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "command/command.h"
#include "config/password.h"
#include "config/users_file.h"
#include "postgres/roles.h"
#include "postgres/schema.h"
#include "postgres/users.h"
#include "postgres/window.h"

static void print_merge(const struct adoption *adoption)
{
    static const char *const rules[] = {
        [MERGE_SUM] = "their sum was kept, as --merge says",
        [MERGE_MAX] = "the largest was kept: each row is a whole total, as far as it was known",
        [MERGE_PARTS] = "their sum was kept: each row is a part of the total",
    };

    if (adoption->differing)
        printf("    of %" PRId64 " keys the rows differed, and %s (--merge)\n", adoption->differing,
               rules[adoption->rule]);
    if (adoption->repeated_bytes)
        printf("    %" PRId64 " rows with %" PRId64
               " bytes were repetitions of others and were dropped (--merge sum adds them)\n",
               adoption->repeated, adoption->repeated_bytes);
    if (adoption->shown_twice)
        printf("    %" PRId64 " keys lie in an hour that the clocks showed twice: both were added to the second\n",
               adoption->shown_twice);
}

static void print_table(const struct table_report *report)
{
    const struct adoption *adoption = &report->adoption;

    printf("table %s: ", text_show(report->table).text);
    switch (report->fate) {
    case TABLE_CREATED:
        puts("created");
        break;
    case TABLE_KEPT:
        puts("already there");
        break;
    case TABLE_ADOPTED:
        printf("adopted, key added, %" PRId64 " doubled rows merged\n", adoption->removed);
        print_merge(adoption);
        if (adoption->converted)
            printf("    the dates of %" PRId64 " rows became UTC\n", adoption->converted);
        if (adoption->put_aside)
            printf("    %" PRId64 " rows were put aside into antenna.put_aside: %s\n", adoption->put_aside,
                   adoption->reasons.data);
        break;
    }
    for (size_t i = 0; i < report->flaws.count; i++)
        log_line(LEVEL_WARNING, "%s; %s", report->flaws.list[i].text, report->flaws.list[i].hint);
}

static void print_users(const struct users *users, const struct users_report *report)
{
    printf("users: %" PRId64 " inserted, %" PRId64 " updated, %" PRId64 " unchanged\n", report->inserted,
           report->updated, (int64_t)users->count - report->inserted - report->updated);
}

static int create_role(struct postgres *postgres, const struct config *config, enum role_id role, bool *ret_created,
                       struct error *error)
{
    cleanup(password_free) char *password = NULL;

    if (password_read(config_text(config, roles[role].password_file), &password, error))
        return -1;
    return role_create(postgres, config, role, password, ret_created, error);
}

/* Creates the roles whose password files are given; others that are here get their rights on what is new. */
static int create_roles(struct postgres *postgres, const struct config *config, bool ret_created[ROLES],
                        struct error *error)
{
    for (int i = 0; i < ROLES; i++) {
        enum role_id role = (enum role_id)i;

        if (config_has(config, roles[i].password_file) ? create_role(postgres, config, role, &ret_created[i], error)
                                                       : role_renew(postgres, config, role, error))
            return -1;
    }
    return 0;
}

static void print_roles(const struct config *config, const bool created[ROLES])
{
    for (int i = 0; i < ROLES; i++)
        if (config_has(config, roles[i].password_file))
            printf("role %s: %s\n", roles[i].name, created[i] ? "created" : "already there, password set");
}

static void print_metrics(total_kind_set kinds)
{
    const char *separator = "metrics: ";

    for (enum total_kind kind = 0; kind < TOTAL_KINDS; kind++)
        if (total_kind_in(kinds, kind)) {
            printf("%s%s", separator, total_kinds[kind].label);
            separator = ", ";
        }
    putchar('\n');
}

static void print_version(int64_t before)
{
    printf("schema antenna: version %d", SCHEMA_VERSION);
    if (before > 0 && before < SCHEMA_VERSION)
        printf(", migrated from version %" PRId64, before);
    putchar('\n');
}

static int provision(struct postgres *postgres, const struct config *config, const struct users *users,
                     struct error *error)
{
    cleanup(schema_report_release) struct schema_report report = {0};
    struct users_report loaded = {0};
    bool roles_created[ROLES] = {false};

    if (postgres_begin(postgres, error) || schema_create(postgres, config, &report, error))
        return -1;
    if (users->count && users_load(postgres, config_text(config, OPTION_USER_METADATA_TABLE), users, &loaded, error))
        return -1;
    if (create_roles(postgres, config, roles_created, error) || postgres_commit(postgres, error))
        return -1;
    for (int i = 0; i < CONTRACTS; i++)
        print_table(&report.tables[i]);
    printf("window of the totals: %s\n", window_show(report.window).text);
    print_metrics(report.kinds);
    print_version(report.version_before);
    if (config_has(config, OPTION_USERS))
        print_users(users, &loaded);
    print_roles(config, roles_created);
    return 0;
}

static int check_window(const struct config *config, struct error *error)
{
    if (!config_has(config, OPTION_WINDOW) || window_is_valid(config_number(config, OPTION_WINDOW)))
        return 0;
    error_set(error, ANT_VALUE_INVALID,
              "invalid value for window: %s does not divide an hour into windows of whole seconds",
              config_text(config, OPTION_WINDOW));
    return error_hint(error, "give a window such as 1s, 1m, 5m, 15m or 1h");
}

/* Options that only an adoption obeys, and the window. */
static int check_options(const struct config *config, struct error *error)
{
    static const enum option_id options[] = {OPTION_MERGE, OPTION_TIME_ZONE};

    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
        if (config_has(config, options[i]) && !config_flag(config, OPTION_ADOPT))
            return error_set(error, ANT_OPTIONS_CONFLICT, "--%s does nothing without --adopt",
                             option_table[options[i]].name);
    return check_window(config, error);
}

int command_provision(const struct config *config, struct error *error)
{
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;
    cleanup(users_release) struct users users = {0};

    if (check_options(config, error))
        return -1;
    if (config_has(config, OPTION_USERS) && users_file_load(config_text(config, OPTION_USERS), &users, error))
        return -1;
    if (login(config, &postgres, error))
        return -1;
    return provision(postgres, config, &users, error);
}
