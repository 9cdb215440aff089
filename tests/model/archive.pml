/*
 * The upkeep of one hour of the archive (ARCHITECTURE.md, "Recovery" and "Compaction") for Spin, which tries every
 * interleaving of two or three processes that compact and recover, a writer that publishes a late file and a batch run.
 * With PRUNE, a swap may be a removal of the hour's files ("Batch layer, verify, rebuild and prune"), and is with SWAPS=1;
 * the late file is then listed at any time. test_model.py has the runs. Names are those of the program; how files come to be
 * listed is in exactly_once.pml.
 *
 * Each guard can be taken away by a macro (NO_TAKE, NO_RETIRE, ...): that broken twin must violate an invariant.
 *
 * Faults: CRASHES=n times a keeper loses its memory, at any step. LOST_LOCKS=n times the flock of a living keeper is
 * free, so that another recovers what it still works on. CUTS=n times a living keeper loses its session, and with it
 * the hour's lock; what it had sent may still be executed. FAILURES=n times the disk refuses a step. A zombie needs no
 * macro: each process may stand still at any step for any time.
 */
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef LOST_LOCKS
#define LOST_LOCKS 0
#endif
#ifndef CUTS
#define CUTS 0
#endif
#ifndef FAILURES
#define FAILURES 0
#endif
#ifndef KEEPERS
#define KEEPERS 2
#endif
#define BATCH KEEPERS
#define NOBODY (KEEPERS + 1)
#ifndef SWAPS
#define SWAPS 2 /* compactions, each with a token of its own */
#endif

/* Sets of files. The first two lie in the hour's folder, the late one is listed and not published yet. */
#define FIRST 1
#define SECOND 2
#define LATE 4
#define MERGED(s) (8 << (s))
#define FILES (3 + SWAPS)
#define BIT(i) (1 << (i))
#define LOWEST(set) ((set) & (~(set) + 1))
byte rows[FILES]; /* a bit for the row of each of the three */

/* The list. */
#ifdef PRUNE
#define BEGUN (FIRST | SECOND)
#else
#define BEGUN (FIRST | SECOND | LATE)
#endif
byte listed = BEGUN;   /* as its readers see it */
byte archived = BEGUN; /* rows of files that were listed and not removed */
byte hourly = BEGUN;   /* rows of the hourly totals: the hour is clean when they are those that are archived */
byte replaced[SWAPS];  /* the files whose replaced_by is that of a token, or of none */
bool removes[SWAPS];   /* the token is that of a removal: its files are replaced by none */
bool pruned;           /* archive_pruned_at */
bool retired[SWAPS];
byte hour_lock = NOBODY; /* hold_hour.sql, lock_hour.sql */
#define ANY_REPLACED (replaced[0] | replaced[SWAPS - 1])

/* Transactions that list a merged file: whose it is that holds the token's lock and has seen that it is not retired. */
#define ORPHAN (KEEPERS + 2) /* nobody waits for its end any more, which frees the hour's lock */
byte tx[SWAPS] = NOBODY;
byte tx_old[SWAPS];  /* the files that it replaces */
bool forgets[SWAPS]; /* delete_replaced_files.sql is under way */

/* The disk. Folders have numbers, as a name may go to another; a file may be in two. */
#define NONE (SWAPS + 1)
byte in[SWAPS + 2];
byte hour;               /* the folder that has the hour's name */
byte swap[SWAPS] = NONE; /* the folder in a token's that has a swap's name */
bool staged = true;      /* the late file */
bool is_late_shown;      /* it was in the hour's folder when that was listed for an exchange */
byte lock[SWAPS] = NOBODY; /* who holds the flock of a token's folder */

/* Processes. */
byte at[KEEPERS + 1] = SWAPS; /* whose swap they work on, or look into */
bool knows[KEEPERS + 1];      /* the name that they have for it is still its name */
bool crashed[KEEPERS], cut[KEEPERS];
byte begun; /* compactions */
byte crashes = CRASHES, lost_locks = LOST_LOCKS, cuts = CUTS, failures = FAILURES;

hidden byte i, n;
hidden byte row_is_in_one_listed_file, folder_shows_row_once, listed_file_is_there, placed_file_is_listed;
hidden byte listed_file_is_found, removed_row_is_totalled;
hidden byte no_swap_is_left; /* in the end */

#define STAGED ((staged -> LATE : 0) | in[swap[0]] | in[swap[SWAPS - 1]])

/* n = how many files of a set have a row. */
inline count_row(set, row)
{
    n = 0;
    for (i : 0 .. FILES - 1) {
        n = n + (((set) & BIT(i)) && (rows[i] & BIT(row)) -> 1 : 0)
    }
}

inline check_row(row)
{
    /* Each row is in one listed file, unless it was removed. */
    count_row(listed, row);
    row_is_in_one_listed_file = n == ((archived & BIT(row)) -> 1 : 0);
    assert(row_is_in_one_listed_file);
    /* A reader of the hour's folder sees each row once; a row of the late file, from the listing before an exchange on; a
     * row of a file that is removed, until the exchange. */
    count_row(in[hour], row);
    folder_shows_row_once = n == 1 || (n == 0 && (!(archived & BIT(row)) || (BIT(row) == LATE && !is_late_shown)));
    assert(folder_shows_row_once)
}

/* The invariants, after each step that writes. */
inline check()
{
    /* A listed file is in staging or in its place. */
    listed_file_is_there = !(listed & ~(in[hour] | STAGED));
    assert(listed_file_is_there);
    /* A file in its place is listed, or will be deleted. */
    placed_file_is_listed = !(in[hour] & ~(listed | ANY_REPLACED));
    assert(placed_file_is_listed);
    check_row(0);
    check_row(1);
    check_row(2);
    n = 0
}

inline end_transaction(s)
{
    tx[s] = NOBODY;
    tx_old[s] = 0
}

#ifdef NO_LOOK_AT_DIRTY
#define IS_CLEAN true
#else
#define IS_CLEAN (!(archived & ~hourly))
#endif

/* replace_files.sql, which counts the old files that are still listed; or prune_files.sql after check_clean(). */
inline list_merged(s)
{
    if
#ifdef PRUNE
    :: removes[s] && IS_CLEAN ->
        /* prune removes only rows that the hourly totals have. */
        removed_row_is_totalled = !(archived & ~hourly);
        assert(removed_row_is_totalled);
        replaced[s] = listed;
        listed = 0;
        archived = 0;
        pruned = true;
        check()
#endif
    :: !removes[s] && !(tx_old[s] & ~listed) ->
        replaced[s] = tx_old[s];
        listed = (listed & ~tx_old[s]) | MERGED(s);
        check()
    :: else
    fi;
    end_transaction(s)
}

#define OR_FAIL :: d_step { failures -> failures-- }; goto failed /* in place of what is above */

#define LEADS(s) (knows[me] && swap[s] != NONE) /* the name that we know, else ENOENT */

#ifdef EXCHANGE_AGAIN
#define MUST_EXCHANGE(s) LEADS(s)
#else
#define MUST_EXCHANGE(s) (LEADS(s) && (removes[s] -> in[hour] & old : in[swap[s]] & MERGED(s)))
#endif

/* swap_take_over(): the folder gets a name that nobody else knows. */
inline take(s)
{
#ifndef NO_TAKE
    for (i : 0 .. KEEPERS) {
        knows[i] = knows[i] && (i == me || at[i] != s)
    };
#endif
    i = 0
}

/* Whose lock is free. */
#define ABANDONED(s) (swap[s] != NONE && lock[s] == NOBODY)

inline adopt(which)
{
    s = which;
    at[me] = s;
    lock[s] = me
}

inline leave()
{
    hour_lock = (hour_lock == me -> NOBODY : hour_lock);
    at[me] = SWAPS;
    knows[me] = false;
    cut[me] = false;
    s = SWAPS;
    old = 0;
    names = 0;
    file = 0;
    is_first_attempt = false;
    is_same = false;
    forgot = false
}

#ifdef NO_WAIT
#define MAY_SEIZE(s) true
#else
#define MAY_SEIZE(s) (tx[s] == NOBODY)
#endif
#ifdef NO_TOKEN_CHECK
#define MAY_LIST(s) true
#else
#define MAY_LIST(s) (!retired[s])
#endif

#ifdef NO_LOOK_AT_LOCK
#define MAY_DELETE_LOCK(s) true
#else
#define MAY_DELETE_LOCK(s) (lock[s] == me)
#endif
#ifdef NO_LOOK_FOR_UNFINISHED
#define IS_UNFINISHED false
#else
#define IS_UNFINISHED ANY_REPLACED
#endif

/* `batch --compact`; a worker of the speed layer does its second part. */
proctype keeper(byte me)
{
    byte s = SWAPS;   /* whose swap */
    byte old;         /* files that are replaced */
    byte names, file; /* those of a listing that are to come, and the one in hand */
    bool is_first_attempt, is_same, forgot;

end:
    {
        if
#if !defined(PRUNE) || SWAPS > 1
        :: d_step { begun < SWAPS -> adopt(begun); begun++; is_first_attempt = true }
#endif
#ifdef PRUNE
        :: d_step { begun < SWAPS -> adopt(begun); begun++; is_first_attempt = true; removes[s] = true }
#endif
        :: d_step { ABANDONED(0) -> adopt(0) }; goto recover
        :: d_step { ABANDONED(SWAPS - 1) -> adopt(SWAPS - 1) }; goto recover
        fi;

        /* batch/compact.c, batch/prune.c */
#ifndef NO_HOUR_LOCK
        if
        :: cut[me] -> goto close
        :: d_step { !cut[me] && hour_lock == NOBODY -> hour_lock = me }
        fi;
#endif
        if
        :: cut[me] || IS_UNFINISHED -> goto close
        :: d_step { !cut[me] && !IS_UNFINISHED -> old = listed }
        fi;
#ifndef NO_LOOK_IN_PLACE
        /* check_in_place(), find_files(): one that is not in its place would come back after its rows are in another file, or
         * removed. */
        d_step { true -> old = (removes[s] && (old & ~in[hour]) -> 0 : old & in[hour]) };
#endif
        if
        :: !old || (!removes[s] && (pruned || old == LOWEST(old))) -> goto close /* COMPACT_FEW */
        :: else
        fi;
        d_step { true -> swap[s] = s + 1; knows[me] = true };
        if
        :: d_step {
            LEADS(s) && !(old & ~(in[hour] | STAGED)) ->
            for (i : 0 .. FILES - 1) {
                rows[3 + s] = rows[3 + s] | ((old & BIT(i)) -> rows[i] : 0)
            };
            in[swap[s]] = in[swap[s]] | (removes[s] -> 0 : MERGED(s))
        }
        :: else -> goto failed
        OR_FAIL
        fi;
#ifdef DELETE_FIRST
        d_step { true -> in[hour] = in[hour] & ~old; check() };
#endif
        if
        :: d_step { !cut[me] && MAY_LIST(s) -> tx[s] = me; tx_old[s] = old }
        :: else -> goto failed
        OR_FAIL
        fi;
        if
        :: d_step { tx[s] == me -> list_merged(s) }; goto finish
        :: tx[s] != me -> goto failed
        fi;

failed: /* the folder of a retired writer belongs to the process that has retired it */
        if
        :: cut[me] || !is_first_attempt || retired[s] -> goto close
        :: else -> is_first_attempt = false
        fi;
        d_step { MAY_SEIZE(s) -> knows[me] = true };
        goto take_over;

        /* archive/recover.c */
recover:
        knows[me] = true;
        if
        :: cut[me] -> goto close
        :: d_step {
            !cut[me] && MAY_SEIZE(s) ->
#ifdef NO_RETIRE
            skip
#else
            retired[s] = true
#endif
        }
        fi;
take_over:
        if
        :: d_step { LEADS(s) -> take(s) }
        :: else -> goto close
        fi;
finish: /* recover_swap() */
        if
        :: cut[me] -> goto close
        :: d_step { !cut[me] -> old = replaced[s] }
        fi;
#ifndef NO_LOOK_AT_LIST
        if
        :: !old -> goto drop_unlisted
        :: else
        fi;
#endif
        if
        :: !MUST_EXCHANGE(s) -> goto look_for_new
        :: d_step {
            MUST_EXCHANGE(s) ->
            names = in[hour] & ~old;
            is_late_shown = is_late_shown || (names & LATE)
        }
        fi;
        /* swap_exchange() */
#ifndef NO_SECOND_NAMES
        do
        :: d_step {
            names ->
            file = LOWEST(names);
            names = names & ~file;
            in[swap[s]] = in[swap[s]] | (LEADS(s) -> in[hour] & file : 0);
            file = 0
        }
        :: !names -> break
        od;
#endif
        if
        :: d_step { LEADS(s) -> n = hour; hour = swap[s]; swap[s] = n; names = 0; check() }
        :: else -> goto failed
        OR_FAIL
        fi;
look_for_new:
        if
        :: removes[s] || (in[hour] & MERGED(s))
        :: else -> goto failed
        OR_FAIL
        fi;
#ifdef FORGET_FIRST
        d_step { true -> replaced[s] = 0 };
#endif
settle: /* swap_drain(): one listing, then file by file */
        if
        :: d_step { LEADS(s) -> names = in[swap[s]] }
        :: else -> goto failed
        OR_FAIL
        fi;
#ifndef NO_PUT_BACK
        do
        :: d_step {
            names & ~old ->
            file = LOWEST(names & ~old);
            names = names & ~file;
            is_same = LEADS(s) && (in[swap[s]] & in[hour] & file)
        };
            if
            :: d_step {
                LEADS(s) && (in[swap[s]] & file) && (is_same || !(in[hour] & file)) ->
                in[swap[s]] = in[swap[s]] & ~file;
                in[hour] = in[hour] | (is_same -> 0 : file);
                is_same = false;
                file = 0;
                check()
            }
            :: else -> goto failed
            OR_FAIL
            fi
        :: !(names & ~old) -> break
        od;
#endif
        do
        :: d_step {
            names ->
            file = LOWEST(names);
            names = names & ~file;
            in[swap[s]] = in[swap[s]] & ~(LEADS(s) -> file : 0);
            file = 0;
            check()
        }
        :: !names -> break
        od;
        if
        :: !LEADS(s) -> goto failed
        :: LEADS(s) && forgot -> goto end_swap
        :: LEADS(s) && !forgot
        fi;
        if
        :: cut[me] -> goto close
        :: d_step { !cut[me] -> forgets[s] = true }
        fi;
        if
        :: cut[me] -> goto close
        :: d_step { !cut[me] && !forgets[s] -> old = 0; forgot = true }; goto end_swap
        fi;
drop_unlisted:
        if
        :: d_step { LEADS(s) -> names = in[swap[s]] & MERGED(s); forgot = true }
        :: else -> goto failed
        OR_FAIL
        fi;
        if
        :: cut[me] -> goto close
        :: d_step { !cut[me] -> names = names & ~listed }
        fi;
        d_step { true -> in[swap[s]] = in[swap[s]] & ~(LEADS(s) -> names : 0); names = 0; check() };
end_swap: /* swap_end() */
        if
        :: d_step { LEADS(s) && !in[swap[s]] -> swap[s] = NONE }
        :: LEADS(s) && in[swap[s]] -> goto settle
        :: !LEADS(s)
        fi;
close: /* staging_close() */
        atomic { lock[s] = (MAY_DELETE_LOCK(s) -> NOBODY : lock[s]); leave() };
        goto end
    } unless {
        d_step { crashed[me] -> crashed[me] = false; leave() };
        goto end
    }
}

inline end_session()
{
    hour_lock = (hour_lock == ORPHAN -> NOBODY : hour_lock)
}

proctype server()
{
end:
    do
    :: d_step { forgets[0] -> forgets[0] = false; replaced[0] = 0; check() }
    :: d_step { tx[0] == ORPHAN -> list_merged(0); end_session() }
    :: d_step { tx[0] == ORPHAN -> end_transaction(0); end_session() }
#if SWAPS > 1
    :: d_step { forgets[1] -> forgets[1] = false; replaced[1] = 0; check() }
    :: d_step { tx[1] == ORPHAN -> list_merged(1); end_session() }
    :: d_step { tx[1] == ORPHAN -> end_transaction(1); end_session() }
#endif
    od
}

/* speed/roll.c, after the late file was listed. rename() looks the folder up by its name, and then moves the file into
 * the folder that it has found, whatever its name is by then. */
proctype writer()
{
    byte folder;

#ifdef PRUNE
    d_step { true -> listed = listed | LATE; archived = archived | LATE; check() };
#endif
    do
    :: folder = hour;
        if
        :: d_step {
            folder == hour || folder == swap[0] || folder == swap[SWAPS - 1] ->
            in[folder] = in[folder] | LATE;
            staged = false;
            folder = 0;
            check()
        };
            break
        :: else /* the folder is gone */
        fi
    od
}

/* A batch run finds each listed file: hour_folder_find(). */
#ifndef LOOKS
#define LOOKS 5
#endif
proctype batch()
{
    byte names, file, looks;
    byte rows_read; /* those of the files */

#ifndef NO_HOUR_LOCK
    d_step { hour_lock == NOBODY -> hour_lock = BATCH };
#endif
#ifdef PRUNE
    d_step { true -> names = listed; rows_read = archived };
#else
    names = listed;
#endif
    do
    :: names ->
        d_step { true -> file = LOWEST(names); names = names & ~file };
        do
        :: in[hour] & file -> break
        :: else ->
            d_step {
                listed_file_is_found = looks < LOOKS;
                assert(listed_file_is_found);
                looks++
            };
            if
            :: staged && file == LATE -> break
            :: else
            fi;
            d_step { true -> at[BATCH] = 0; knows[BATCH] = swap[0] != NONE };
            if
            :: knows[BATCH] && (in[swap[0]] & file) -> break
            :: else
            fi;
#if SWAPS > 1
            d_step { true -> at[BATCH] = 1; knows[BATCH] = swap[1] != NONE };
            if
            :: knows[BATCH] && (in[swap[1]] & file) -> break
            :: else
            fi
#endif
        od;
        atomic { at[BATCH] = SWAPS; knows[BATCH] = false; looks = 0; file = 0 }
    :: !names -> break
    od;
#ifdef PRUNE
    atomic { hourly = hourly | rows_read; rows_read = 0 };
#endif
    hour_lock = (hour_lock == BATCH -> NOBODY : hour_lock)
}

#define IS_AT_WORK(k) (at[k] != SWAPS && !crashed[k])

/* A session ends when its transaction does. */
inline lose_session(k)
{
    n = NOBODY;
    for (i : 0 .. SWAPS - 1) {
        n = (tx[i] == k -> ORPHAN : n);
        tx[i] = (tx[i] == k -> ORPHAN : tx[i])
    };
    hour_lock = (hour_lock == k -> n : hour_lock);
    n = 0;
    i = 0
}

inline crash(k)
{
    crashes--;
    crashed[k] = true;
    lose_session(k);
    for (i : 0 .. SWAPS - 1) {
        lock[i] = (lock[i] == k -> NOBODY : lock[i])
    };
    i = 0
}

#define FAULTS(k)                                                                                   \
    :: d_step { crashes && IS_AT_WORK(k) -> crash(k) }                                              \
    :: d_step { cuts && IS_AT_WORK(k) && !cut[k] -> cuts--; cut[k] = true; lose_session(k) }        \
    :: d_step { lost_locks && IS_AT_WORK(k) && lock[at[k]] == k -> lost_locks--; lock[at[k]] = NOBODY }

init
{
    d_step {
        rows[0] = FIRST;
        rows[1] = SECOND;
        rows[2] = LATE;
        in[hour] = FIRST | SECOND
    };
    run keeper(0);
    run keeper(1);
#if KEEPERS > 2
    run keeper(2);
#endif
    run server();
    run writer();
    run batch();
end:
    do
    FAULTS(0)
    FAULTS(1)
#if KEEPERS > 2
    FAULTS(2)
#endif
    :: timeout ->
        no_swap_is_left = in[hour] == listed && !ANY_REPLACED && !STAGED && swap[0] == NONE && swap[SWAPS - 1] == NONE;
        assert(no_swap_is_left);
        break
    od
}
