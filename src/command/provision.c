#include <inttypes.h>
#include <stdio.h>

#include "command/command.h"
#include "config/jdbc.h"
#include "config/password.h"
#include "config/users_file.h"
#include "postgres/reader.h"
#include "postgres/schema.h"
#include "postgres/users.h"

static void print_table(const struct table_report *report)
{
    switch (report->fate) {
    case TABLE_CREATED:
        printf("table %s: created\n", report->table);
        break;
    case TABLE_KEPT:
        printf("table %s: already there\n", report->table);
        break;
    case TABLE_ADOPTED:
        printf("table %s: adopted, key added, %" PRId64 " doubled rows merged\n", report->table, report->removed);
        if (report->differing)
            printf("    of %" PRId64 " keys the rows differed, and the largest was kept\n", report->differing);
        break;
    }
}

static void print_users(const struct users *users, const struct users_report *report)
{
    printf("users: %" PRId64 " inserted, %" PRId64 " updated, %" PRId64 " unchanged\n", report->inserted,
           report->updated, (int64_t)users->count - report->inserted - report->updated);
}

static void print_reader(bool created)
{
    printf("role " READER_ROLE ": %s\n", created ? "created" : "already there, password set");
}

/* `reader`: the password of the role that reads, or NULL for none. */
static int provision(struct postgres *postgres, const struct config *config, const struct users *users,
                     const struct password *reader, struct error *error)
{
    struct table_report tables[CONTRACTS];
    struct users_report loaded = {0};
    bool reader_created;

    if (postgres_begin(postgres, error) || schema_create(postgres, config, tables, error))
        return -1;
    if (users->count && users_load(postgres, config_text(config, OPTION_USER_METADATA_TABLE), users, &loaded, error))
        return -1;
    if (reader && reader_create(postgres, config, reader->text, &reader_created, error))
        return -1;
    if (postgres_commit(postgres, error))
        return -1;
    for (int i = 0; i < CONTRACTS; i++)
        print_table(&tables[i]);
    printf("schema antenna: version %d\n", SCHEMA_VERSION);
    if (config_has(config, OPTION_USERS))
        print_users(users, &loaded);
    if (reader)
        print_reader(reader_created);
    return 0;
}

int command_provision(const struct config *config, struct error *error)
{
    cleanup(jdbc_release) struct jdbc_address address = {0};
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;
    cleanup(users_release) struct users users = {0};
    cleanup(password_wipe) struct password reader;
    const char *reader_file = config_text(config, OPTION_READER_PASSWORD_FILE);

    if (config_has(config, OPTION_USERS) && users_file_load(config_text(config, OPTION_USERS), &users, error))
        return -1;
    if (reader_file && password_read(reader_file, &reader, error))
        return -1;
    if (jdbc_from_config(config, &address, error) || postgres_open(&address, &postgres, error))
        return -1;
    return provision(postgres, config, &users, reader_file ? &reader : NULL, error);
}
