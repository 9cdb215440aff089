/*
 * The erasure of a user in one hour (ARCHITECTURE.md, "Batch layer, verify, rebuild and prune") for Spin, which tries
 * every interleaving of `forget` with an event of the user that arrives meanwhile, a batch run, and retention of window
 * totals. test_model.py has the runs. The swap is that of archive.pml, which has its races: here its steps follow one
 * another.
 *
 * Each guard can be taken away by a macro (NO_SETTLED, END_FIRST, ...): that broken twin must violate an invariant.
 *
 * Faults: CRASHES=n times `forget` loses its memory, at any step. It is run again until it reports its end.
 */
#ifndef CRASHES
#define CRASHES 0
#endif

/* Events of the user. Each is in a file of its own, and later in one that has a pseudonym in the place of the id. */
#define FIRST 1 /* in both layers from the start on */
#define LATE 2  /* its totals and its file are written in either order */
#define EVENTS (FIRST | LATE)
#define RENAMED(files) (((files) & EVENTS) << 2)
#define NAMED(files) ((files) & EVENTS)
#define ROWS(files) (((files) | ((files) >> 2)) & EVENTS)
#define ROWS_ONCE(files) (((files) ^ ((files) >> 2)) & EVENTS)

/* PostgreSQL. Sets of files, then of events. */
byte listed = FIRST; /* as readers of the list see it */
byte replaced;       /* files whose replaced_by is set */
byte archived = FIRST;
byte counted = FIRST; /* antenna.hour_bytes */
#define ID 0
#define PSEUDONYM 1
byte totals[2];     /* by name */
byte hourly[2];     /* the same */
bool totals_pruned; /* totals_pruned_at */
bool noted;         /* antenna.forgetting has a row */
#define NOBODY 0
#define FORGET 1
#define BATCH 2
byte hour_lock;

/* The disk. */
byte hour = FIRST; /* files in the hour's folder */
byte swap;         /* in the swap's */
byte staged;       /* the late file, before it is in its place */

byte known; /* events that either layer had when the run of `forget` began, or that totals had at its end */
bool done;  /* it has reported its end */
bool crashed;
byte crashes = CRASHES;

hidden byte n;
hidden byte listed_file_is_there, placed_file_is_listed, row_is_in_one_listed_file, folder_shows_row_once;
hidden byte layers_agree, user_is_gone, one_pseudonym, listed_file_is_found;
hidden byte no_swap_is_left; /* in the end */

/* Events whose window totals have the other name than their listed file. */
#define DIFFERING ((totals[ID] & (listed >> 2)) | (totals[PSEUDONYM] & listed))

/* Events that are under the id anywhere. */
#define LEFT (totals[ID] | hourly[ID] | NAMED(listed | hour | swap | staged))

/* The invariants, after each step that writes. */
inline check()
{
    /* A listed file is in staging or in its place. */
    listed_file_is_there = !(listed & ~(hour | swap | staged));
    assert(listed_file_is_there);
    /* A file in its place is listed, or will be deleted. */
    placed_file_is_listed = !(hour & ~(listed | replaced));
    assert(placed_file_is_listed);
    /* Each row is in one listed file. */
    row_is_in_one_listed_file = ROWS(listed) == archived && ROWS_ONCE(listed) == archived;
    assert(row_is_in_one_listed_file);
    /* A reader of the hour's folder sees each row once; not the late file's while that is moved. */
    folder_shows_row_once = ROWS(hour) == ROWS_ONCE(hour) && !(archived & ~ROWS(hour | ((staged | swap) & LATE)));
    assert(folder_shows_row_once);
    /* An event has one name in both layers. */
    layers_agree = !DIFFERING;
    assert(layers_agree);
    /* When forget has reported its end, no event that it could know of is under the id anywhere. */
    user_is_gone = !done || !(known & LEFT);
    assert(user_is_gone)
}

inline rename_totals()
{
    totals[PSEUDONYM] = totals[PSEUDONYM] | totals[ID];
    totals[ID] = 0;
    hourly[PSEUDONYM] = hourly[PSEUDONYM] | hourly[ID];
    hourly[ID] = 0
}

/* select_sides_equal.sql compares what both sides have of the hour: its bytes, and its events, as some have no bytes. */
#if defined(NO_SETTLED)
#define IS_SETTLED true
#elif defined(BYTES_ONLY)
#define IS_SETTLED ((counted & FIRST) == (archived & FIRST))
#else
#define IS_SETTLED (counted == archived)
#endif

/* Of whom the window totals have nothing, nothing is on its way, unless those that would show it were removed. */
#ifdef NO_LOOK_AT_PRUNED
#define WERE_PRUNED false
#else
#define WERE_PRUNED totals_pruned
#endif
#define MAY_CHANGE (IS_SETTLED || (!old && !totals[ID] && !hourly[ID] && !WERE_PRUNED))

/* check_list() */
#ifdef NO_LOOK_AT_LIST
#define IS_LISTED_MEANWHILE false
#else
#define IS_LISTED_MEANWHILE (listed & ~seen)
#endif

/* forget_count_traces() */
#ifdef NO_LOOK_FOR_TRACES
#define HAS_TRACES false
#else
#define HAS_TRACES (totals[ID] | hourly[ID])
#endif

/* find_listed() */
#ifdef NO_LOOK_IN_PLACE
#define ARE_IN_PLACE true
#else
#define ARE_IN_PLACE (!replaced && !(seen & ~hour))
#endif

/* A row of its own is locked, and with it the hour: the transaction is one step. */
inline change_hour()
{
    if
    :: MAY_CHANGE && !IS_LISTED_MEANWHILE ->
        rename_totals();
        replaced = old;
        listed = (listed & ~old) | RENAMED(old);
        changed = true;
        check()
    :: else
    fi
}

inline leave()
{
    hour_lock = (hour_lock == FORGET -> NOBODY : hour_lock);
    old = 0;
    seen = 0;
    changed = false
}

/* recover_swap(), now as after a crash. */
inline recover_swap()
{
    d_step { true -> old = replaced };
#ifdef FORGET_FIRST
    d_step { true -> replaced = 0; check() };
#endif
    if
    :: old && (swap & RENAMED(old)) ->
        d_step { true -> swap = swap | (hour & ~old) };
        d_step { true -> n = hour; hour = swap; swap = n; n = 0; check() }
    :: else
    fi;
    d_step { true -> hour = hour | (swap & listed & ~old); swap = swap & old; check() };
    d_step { true -> swap = 0; check() };
    d_step { true -> replaced = replaced & ~old; old = 0; check() }
}

proctype forget()
{
    byte seen, old; /* files that were listed when they were looked for; those that are replaced */
    bool changed;

end:
    {
        do
        :: done -> break
        :: else ->
            if
            :: swap || replaced -> recover_swap()
            :: else
            fi;
            d_step {
                true ->
                /* All runs give one pseudonym, which the first has noted. */
                one_pseudonym = noted || !(totals[PSEUDONYM] | hourly[PSEUDONYM] | (listed >> 2));
                assert(one_pseudonym);
                noted = true;
                known = counted | archived
            };
#ifndef NO_HOUR_LOCK
            d_step { hour_lock == NOBODY -> hour_lock = FORGET };
#endif
            d_step { true -> seen = listed };
            if
            :: ARE_IN_PLACE ->
                d_step { true -> old = NAMED(seen); swap = RENAMED(old) };
#ifdef DELETE_FIRST
                d_step { true -> hour = hour & ~old; check() };
#endif
#ifdef TOTALS_FIRST
                d_step { true -> rename_totals(); check() };
#endif
                d_step { true -> change_hour() };
#ifdef END_FIRST
                d_step { true -> noted = false };
#endif
                recover_swap()
            :: else
            fi;
            d_step { true -> n = changed; leave(); changed = n; n = 0 };
            /* end() */
            d_step {
                true ->
                known = known | totals[ID] | hourly[ID];
                done = changed && !HAS_TRACES;
                noted = noted && !done;
                changed = false;
                check()
            }
        od
    } unless {
        d_step { crashed -> crashed = false; leave() };
        goto end
    }
}

/* The speed layer, which writes the two sides of the late event in either order. */
proctype commit()
{
    d_step { true -> totals[ID] = totals[ID] | LATE; counted = counted | LATE; check() }
}

proctype roll()
{
    d_step { true -> staged = LATE };
    d_step { true -> listed = listed | LATE; archived = archived | LATE; check() };
    d_step { true -> hour = hour | LATE; staged = 0; check() }
}

/* The files are read under the hour's lock, and their totals replace those of the hour. */
proctype batch()
{
    byte names, read[2];

#ifndef NO_HOUR_LOCK
    d_step { hour_lock == NOBODY -> hour_lock = BATCH };
#endif
    d_step { true -> names = listed };
    d_step {
        listed_file_is_found = !(names & ~(hour | swap | staged));
        assert(listed_file_is_found);
        read[ID] = NAMED(names);
        read[PSEUDONYM] = names >> 2
    };
    d_step { true -> hourly[ID] = read[ID]; hourly[PSEUDONYM] = read[PSEUDONYM]; check() };
    d_step { true -> hour_lock = (hour_lock == BATCH -> NOBODY : hour_lock); names = 0; read[0] = 0; read[1] = 0 }
}

/* prune --totals-older-than. What was counted later than that is there again. */
proctype prune()
{
    d_step { hour_lock == NOBODY -> totals[ID] = 0; totals[PSEUDONYM] = 0; totals_pruned = true }
}

init
{
    d_step { totals[ID] = FIRST; hourly[ID] = FIRST };
    run forget();
    run commit();
    run roll();
    run batch();
    run prune();
end:
    do
    :: d_step { crashes && !done -> crashes--; crashed = true }
    :: timeout ->
        no_swap_is_left = done && !noted && hour == listed && !replaced && !swap && !staged;
        assert(no_swap_is_left);
        break
    od
}
