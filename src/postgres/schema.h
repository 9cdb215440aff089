/* Makes and checks what the program needs in the database: the four tables, and the schema `antenna` with its views. */
#ifndef ANTENNA_POSTGRES_SCHEMA_H
#define ANTENNA_POSTGRES_SCHEMA_H

#include "config/config.h"
#include "postgres/adopt.h"
#include "postgres/flaws.h"
#include "postgres/schema_version.h"
#include "record/total_kind.h"

enum table_fate { TABLE_CREATED, TABLE_KEPT, TABLE_ADOPTED };

/** What became of a table. */
struct table_report {
    const char *table;
    enum table_fate fate;
    struct adoption adoption;
    struct flaws flaws; /* for which jobs may refuse it */
};

/** What provision found and did. */
struct schema_report {
    int64_t version_before; /* of the schema `antenna`, 0 when it was not there */
    int64_t window;         /* of the totals in seconds */
    total_kind_set kinds;   /* of totals */
    struct table_report tables[CONTRACTS];
};

/** Frees what the report holds; a zeroed one is fine. Fits cleanup(). */
void schema_report_release(struct schema_report *report);

/**
 * Creates what is missing and takes the schema `antenna` to our version, inside a transaction that keeps other
 * provisions out. Tables without key are adopted when the configuration says so: doubled rows are merged and the key is
 * added; else they are ERROR_CONFIGURATION, as are tables whose columns are not right. Release the report, also after
 * an error.
 */
int schema_create(struct postgres *postgres, const struct config *config, struct schema_report *ret_report,
                  struct error *error) must_check;

/** Whether changes of the users' table are noted in antenna.user_quota. */
int schema_notes_quotas(struct postgres *postgres, const struct config *config, bool *ret_notes, struct error *error)
    must_check;

/**
 * Appends the tables and partitions of ours of which a publication refuses changes for want of a replica identity, and
 * nothing when there is none.
 */
int schema_unidentified(struct postgres *postgres, const struct config *config, struct buffer *ret_text,
                        struct error *error) must_check;

/** Puts the configured names of the four tables into SQL; see postgres_with_tables(). Free the text. */
char *schema_with_tables(const char *sql, const struct config *config) must_check;

/**
 * Checks that the tables which the configuration's command uses are there with their columns; their keys may be
 * missing, as in a database that only the Spark job knows. Error: ERROR_CONFIGURATION, with what to do.
 */
int schema_check_columns(struct postgres *postgres, const struct config *config, struct error *error) must_check;

/**
 * Checks that the schema `antenna` has our version, and that the tables which the configuration's command uses are
 * there with their columns and keys, and are the data set's, whose window is known. Error: ERROR_CONFIGURATION, with
 * what to do.
 */
int schema_check(struct postgres *postgres, const struct config *config, struct error *error) must_check;

#endif
