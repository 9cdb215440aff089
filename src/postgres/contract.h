/* The tables that users rely on: their columns, types and keys, and whether what is in the database keeps to them. */
#ifndef ANTENNA_POSTGRES_CONTRACT_H
#define ANTENNA_POSTGRES_CONTRACT_H

#include <stdbool.h>

#include "config/config.h"
#include "postgres/client.h"

#define CONTRACT_COLUMNS 4

struct contract_column {
    const char *name;
    const char *type; /* as format_type() writes it */
};

struct contract {
    enum option_id option; /* that names the table */
    struct contract_column columns[CONTRACT_COLUMNS];
    const char *key[CONTRACT_COLUMNS]; /* columns of its index, ended by NULL when there are fewer */
    bool unique;
};

enum contract_id {
    CONTRACT_BYTES,
    CONTRACT_BYTES_HOURLY,
    CONTRACT_USER_METADATA,
    CONTRACT_USER_QUOTA_LIMIT,
    CONTRACTS
};

/** Indexed by contract_id. */
extern const struct contract contracts[CONTRACTS];

/** The table's name as SQL would have it. Free the text. */
char *contract_quote(const char *table) must_check;

/** Fills an array with the columns of its key. */
void contract_key(const struct contract *contract, struct array *ret_columns);

/** What a table is, when its columns are right. */
enum contract_state { TABLE_MISSING, TABLE_WITHOUT_KEY, TABLE_COMPLETE };

/**
 * Compares the table called `table` with its contract. Errors: ERROR_CONFIGURATION naming the column that is missing or
 * has another type, or the table that differs from a missing one in its upper-case letters only.
 */
int contract_compare(struct postgres *postgres, const struct contract *contract, const char *table,
                     enum contract_state *ret_state, struct error *error) must_check;

/** Runs a statement with the quoted names of the four tables as $1 to $4, in the order of contract_id. A name that the
 * command does not take is that of no table. */
int contracts_run(struct postgres *postgres, const struct config *config, const char *sql, PGresult **ret_result,
                  struct error *error) must_check;

#endif
