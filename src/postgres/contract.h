/* The tables that users rely on: their columns, types and keys, and whether what is in the database keeps to them. */
#ifndef ANTENNA_POSTGRES_CONTRACT_H
#define ANTENNA_POSTGRES_CONTRACT_H

#include <stdbool.h>

#include "config/option.h"
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

/** What a table is, when its columns are right. */
enum contract_state { TABLE_MISSING, TABLE_WITHOUT_KEY, TABLE_COMPLETE };

/**
 * Compares the table called `table` with its contract. Errors: ERROR_MISTAKE naming the column that is missing or has
 * another type.
 */
int contract_compare(struct postgres *postgres, const struct contract *contract, const char *table,
                     enum contract_state *ret_state, struct error *error) must_check;

#endif
