/* What can drop or hide rows of our tables without an error: triggers, rules and row-level security. */
#ifndef ANTENNA_POSTGRES_ROW_FILTERS_H
#define ANTENNA_POSTGRES_ROW_FILTERS_H

#include "config/config.h"
#include "postgres/client.h"

/**
 * Lists them as text, of the four tables, their partitions and the schema antenna. `ret_active`: those that stop a job
 * or hide rows from this user; `ret_possible`: those that may; each is empty when there is none. Free both.
 */
int row_filters_find(struct postgres *postgres, const struct config *config, char **ret_active, char **ret_possible,
                     struct error *error) must_check;

#endif
