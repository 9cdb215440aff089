/*
 * The window totals of an hour, rebuilt: those that the archive has are gathered in a table of the session, compared
 * with those of the data set as of one moment, and the differences are added. What is counted meanwhile is added, too,
 * so that the speed layer goes on.
 *
 * In one transaction that has locked the hour: rebuilt_begin(), totals_write() for each total of the archive,
 * totals_flush(), rebuilt_compare(), and, when the hour's two sides are found equal, rebuilt_apply().
 */
#ifndef ANTENNA_POSTGRES_REBUILT_H
#define ANTENNA_POSTGRES_REBUILT_H

#include "postgres/totals.h"

#define REBUILT_VERSION_SIZE 24

/** What the tables say of an hour at one moment. */
struct rebuilt_state {
    int64_t listed_rows, listed_bytes;  /* by antenna.hour */
    int64_t counted;                    /* bytes that commits have added to its window totals */
    int64_t to_archive, to_total;       /* messages of any hour that one side has and the other lacks */
    int64_t bytes, events;              /* of the window totals; events: 0 where none are counted */
    int64_t missing, changed, surplus;  /* window totals that the table lacks, has with another value, has too many */
    int64_t added;                      /* of antenna.hour_bytes */
    char version[REBUILT_VERSION_SIZE]; /* of its row; empty: it has none */
};

/** How many window totals differ. */
int64_t rebuilt_differing(const struct rebuilt_state *state);

/** Begins to gather the totals of the archive. Free the writer with totals_writer_release(). */
int rebuilt_begin(struct totals_writer *writer, struct postgres *postgres, const char *bytes, struct error *error)
    must_check;

/** Compares them with those of the table `bytes`. */
int rebuilt_compare(struct postgres *postgres, const char *bytes, int64_t hour, struct rebuilt_state *ret_state,
                    struct error *error) must_check;

/** What the totals were made of. */
struct rebuilt_input {
    int64_t bytes;                         /* all */
    int64_t unlisted_rows, unlisted_bytes; /* of files that are not listed */
};

/**
 * Makes the window totals those of the archive, and notes it at the hour. Returns 1, for the transaction to be rolled
 * back, when events of the hour were counted meanwhile and it cannot be told whether a total that the archive lacks has
 * some.
 */
int rebuilt_apply(struct postgres *postgres, const char *bytes, int64_t hour, const struct rebuilt_state *state,
                  const struct rebuilt_input *input, struct error *error) must_check;

#endif
