/*
 * The outbox of notices: antenna.notice and antenna.notice_threshold. Those of users are written by
 * notices_write_live() and, in the transaction that replaces an hour, by notices_write(), and those to the
 * operator of silent antennas by silence_check() (postgres/silence.h); each is then claimed, tried and settled. A
 * process that ends between claim and settlement leaves a claim that expires.
 */
#ifndef ANTENNA_POSTGRES_NOTICES_H
#define ANTENNA_POSTGRES_NOTICES_H

#include "postgres/client.h"
#include "postgres/users.h"

/** The longest pause between two attempts: later ones were put off by a clock that has gone back since. */
#define NOTICE_PAUSE_MAX_MS (60 * 60 * 1000LL)

/** The threshold of a notice to the operator, of a silent antenna. */
#define NOTICE_OF_SILENCE 0

/** A notice that was claimed; texts are NULL where the database has none. */
struct notice {
    int64_t hour;      /* its first second; of silence: since when */
    char *id;          /* of the user, or the antenna; of many antennas a text that names some */
    int64_t threshold; /* percent of the quota, or NOTICE_OF_SILENCE */
    int64_t revision;  /* even: the threshold is passed, the antenna silent; odd: it is not, after all or any more */
    bool final;        /* by the totals of a sealed hour; else more is expected */
    int64_t usage;     /* bytes */
    int64_t quota;     /* bytes */
    bool has_quota;
    int64_t attempts;   /* with this one */
    int64_t antennas;   /* of silence: how many it is about */
    char *name, *email; /* of the user as they are now; the operator has no name */
    char *skipped;      /* why nothing must be sent; NULL: send it */
    char *key;          /* the same for each attempt, and for no other notice of any database */
};

/** Frees its texts. Fits cleanup(). */
void notice_release(struct notice *notice);

enum notice_state { NOTICE_WAITING, NOTICE_SENT, NOTICE_DEAD };

/** What an attempt has come to. */
struct notice_result {
    enum notice_state state;
    bool counts;        /* whether it may have reached the user, or is one of the attempts that are allowed */
    int64_t pause_ms;   /* until the next */
    const char *reason; /* why it failed; NULL: it did not */
};

/** Makes these the thresholds, in percent; those that are known keep the hour from which on they count. */
int notices_set_thresholds(struct postgres *postgres, const int64_t *thresholds, size_t count, struct error *error)
    must_check;

/** Whether there are thresholds. */
int notices_have_thresholds(struct postgres *postgres, bool *ret_have, struct error *error) must_check;

/**
 * Refuses a database that was copied from the one whose notices are sent, as by a dump and a restore: its users would
 * get them twice. Error: ERROR_CONFIGURATION.
 */
int notices_refuse_copy(struct postgres *postgres, struct error *error) must_check;

/** Makes this the database whose notices are sent. */
int notices_adopt(struct postgres *postgres, struct error *error) must_check;

/** Writes notices about the running hour, inside a transaction; none while a batch run of it is under way. */
int notices_write_live(struct postgres *postgres, struct error *error) must_check;

/**
 * Writes what the totals of an hour change of what its users were told, inside the transaction that replaces them. Only
 * those of a sealed hour take something back.
 */
int notices_write(struct postgres *postgres, const struct quota_tables *tables, int64_t hour, bool sealed,
                  struct error *error) must_check;

/** What a process wants to claim. */
struct notice_claim {
    const char *user_metadata;  /* the table */
    const char *operator_email; /* who is told of silent antennas; NULL: nobody */
    bool needs_email;
    int64_t claim_ms; /* others leave the notice alone for so long; shorter than NOTICE_PAUSE_MAX_MS */
};

/** Claims the notice that has been due longest. Returns 1 when none is due. Release the notice. */
int notices_claim(struct postgres *postgres, const struct notice_claim *claim, struct notice *ret_notice,
                  struct error *error) must_check;

/** Settles what was claimed, or puts it off; without effect when the claim has expired and another was made. */
int notices_store_result(struct postgres *postgres, const struct notice *notice, const struct notice_result *result,
                         struct error *error) must_check;

/** The outbox as a whole. */
struct notice_counts {
    int64_t waiting, dead;
    bool wanted;       /* there are thresholds */
    int64_t dead_hour; /* of the last that was given up */
    char *dead_id;     /* user or antenna; NULL: none was */
    int64_t dead_threshold;
    char *dead_reason;
};

/** Frees its texts. Fits cleanup(). */
void notice_counts_release(struct notice_counts *counts);

/** Counts them. Release the counts. */
int notices_count(struct postgres *postgres, struct notice_counts *ret_counts, struct error *error) must_check;

#endif
