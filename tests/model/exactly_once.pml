/*
 * The protocol of exactly once (ARCHITECTURE.md, "Exactly once") for Spin, which tries every interleaving of two workers,
 * PostgreSQL and the faults of a run. test_model.py has the runs. Names are those of the program.
 *
 * Each guard can be taken away by a macro (NO_CAS, NO_RETIRE, ...): that broken twin must violate an invariant. The epoch is
 * a second fence: the offsets alone keep the invariants (NO_EPOCH), and the epoch alone does not (NO_CAS).
 *
 * Faults: CRASHES=n times a worker loses its memory while its last transaction is under way, done or rolled back; a lost
 * answer is the same. LOST_LOCK: the flock of a living writer becomes free. FAILOVER: PostgreSQL goes back to an older
 * state and ends all sessions. RESTORE: it goes back under living sessions. A zombie needs no macro: a worker may stand
 * still at any step for any time, and the other may claim at any time.
 *
 * A number that "never comes again" (epoch, token, file) is the smallest that nothing refers to: no worker, transaction,
 * folder or state of the database. Thus the states are finite, and the search needs no other limit.
 */
#ifndef PARTITIONS
#define PARTITIONS 1
#endif
#ifndef MESSAGES
#define MESSAGES 2 /* of each partition; the last one is later than the hour */
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#define WORKERS 2
#define ORPHAN WORKERS /* the transaction of a session that its worker has lost */
#define FILES 6
#define TOKENS 4

/* The sides. */
#define TOTALS 0
#define ARCHIVE 1

#define BIT(i) (1 << (i))
#define ALL(count) (BIT(count) - 1)
#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define RANGE(p, from, to) ((ALL(to) & ~ALL(from)) << ((p) * MESSAGES)) /* bits of the messages [from, to) */
#define AT(side, p) ((side) * PARTITIONS + (p))

typedef database {
    byte epoch[PARTITIONS], offset[2 * PARTITIONS];
    byte until[2];   /* of a side: a bit for each partition whose event time has passed the hour */
    byte written[2]; /* of a side: a bit for each message that is counted, that is in a listed file */
    byte listed;     /* a bit for each file */
    byte retired     /* a bit for each token */
};
database db;
#if defined(FAILOVER) || defined(RESTORE)
database older, nothing;
#define OLDER(what) older.what
#else
#define OLDER(what) 0
#endif
bool saved, went_back;
byte crashes = CRASHES;
byte claims = 1; /* that take a partition away from its owner */

/* What has not been written of a partition is [its side's offset, next), as far as it was read: from `first` on. */
typedef memory {
    bool disconnected;
    byte token;             /* 0: none */
    byte epoch[PARTITIONS]; /* 0: not claimed */
    byte first[PARTITIONS], next[PARTITIONS], offset[2 * PARTITIONS];
    byte adopted, found, kept /* recovery: the folder's token, its files, those that are listed */
};
memory own[WORKERS];

/* A worker sends all of a transaction at once. HOLDING has its token's lock and has seen that it is not retired. */
#define SENT 1
#define HOLDING 2
#define DONE 3
#define FAILED 4
typedef transaction {
    byte phase, side, token, file, rows;
    byte epoch[PARTITIONS], from[PARTITIONS], to[PARTITIONS]
};
transaction tx[WORKERS + 1];

/* The roll under way, whose file the encoder writes: SENT, or none. What it will send is fixed when it begins: one that has
 * more parts is listed like one that began with its last part. With AT_ONCE it ends in the same step, which leaves fewer
 * states. */
#ifdef AT_ONCE
hidden transaction roll[WORKERS];
#else
transaction roll[WORKERS];
#endif

/* The disk. A file that is not complete or not synced is for the protocol like a staged one that is not listed. */
#define STAGED 1
#define PLACED 2
byte place[FILES], writer[FILES];
byte lock[TOKENS]; /* who holds the flock of the folder: worker + 1 */

hidden byte i, j, n, unused;
hidden byte all_is_written; /* in the end */
hidden byte ok;
hidden byte written_once, counted_once, archived_once, listed_file_is_there, placed_file_is_listed, sealed_hour_is_complete;

#ifdef SEAL_BY_ARCHIVE_ONLY
#define SEALED (db.until[ARCHIVE] == ALL(PARTITIONS))
#else
#define SEALED (db.until[ARCHIVE] == ALL(PARTITIONS) && db.until[TOTALS] == ALL(PARTITIONS))
#endif
#define HOUR (ALL(PARTITIONS * MESSAGES))
#define FINISHED (db.written[TOTALS] == HOUR && db.written[ARCHIVE] == HOUR)

/* The invariants, after each step that writes. */
inline check()
{
    for (i : 0 .. PARTITIONS - 1) {
        /* Each message before totals_offset is counted once, and no other. */
        counted_once = (db.written[TOTALS] & RANGE(i, 0, MESSAGES)) == RANGE(i, 0, db.offset[AT(TOTALS, i)]);
        assert(counted_once);
        /* Each message before archive_offset is in one listed file, and no other. */
        archived_once = (db.written[ARCHIVE] & RANGE(i, 0, MESSAGES)) == RANGE(i, 0, db.offset[AT(ARCHIVE, i)]);
        assert(archived_once)
    };
    for (i : 0 .. FILES - 1) {
        /* A listed file is in staging or in its place. */
        listed_file_is_there = !(db.listed & BIT(i)) || place[i];
        assert(listed_file_is_there);
        /* A file in its place is listed; a list that went back has lost some, which verify names. */
        placed_file_is_listed = place[i] != PLACED || (db.listed & BIT(i)) || went_back;
        assert(placed_file_is_listed)
    };
    /* A sealed hour is complete in both sides. */
    sealed_hour_is_complete = !SEALED || FINISHED;
    assert(sealed_hour_is_complete);
    tidy();
    ok = true
}

inline copy_database(source, target)
{
    for (i : 0 .. PARTITIONS - 1) {
        target.epoch[i] = source.epoch[i];
        target.offset[AT(TOTALS, i)] = source.offset[AT(TOTALS, i)];
        target.offset[AT(ARCHIVE, i)] = source.offset[AT(ARCHIVE, i)]
    };
    for (i : TOTALS .. ARCHIVE) {
        target.until[i] = source.until[i];
        target.written[i] = source.written[i]
    }
    target.listed = source.listed;
    target.retired = source.retired
}

inline copy_transaction(source, target)
{
    target.phase = source.phase;
    target.side = source.side;
    target.token = source.token;
    target.file = source.file;
    target.rows = source.rows;
    for (i : 0 .. PARTITIONS - 1) {
        target.epoch[i] = source.epoch[i];
        target.from[i] = source.from[i];
        target.to[i] = source.to[i]
    }
}

inline clear_transaction(t)
{
    for (i : 0 .. PARTITIONS - 1) {
        t.epoch[i] = 0;
        t.from[i] = 0;
        t.to[i] = 0
    };
    t.phase = 0;
    t.side = 0;
    t.token = 0;
    t.file = 0;
    t.rows = 0
}

inline release(t, w)
{
    lock[t] = (lock[t] == w + 1 -> 0 : lock[t])
}

inline forget(w)
{
    for (i : 0 .. PARTITIONS - 1) {
        own[w].epoch[i] = 0;
        own[w].first[i] = 0;
        own[w].next[i] = 0;
        own[w].offset[AT(TOTALS, i)] = 0;
        own[w].offset[AT(ARCHIVE, i)] = 0
    };
    for (i : 0 .. TOKENS - 1) {
        release(i, w)
    };
    own[w].token = 0;
    own[w].adopted = 0;
    own[w].found = 0;
    own[w].kept = 0
}

/* roll_drop(): the encoder has ended, and none of the files is listed. A crash leaves them. */
inline drop_roll(w)
{
    n = roll[w].file;
    place[n] = (roll[w].phase && place[n] == STAGED && writer[n] == roll[w].token - 1 -> 0 : place[n]);
    clear_transaction(roll[w])
}

#define HAS_TOKEN(holder) (holder.token == i + 1)

/* Nothing will ever ask for the rows of a token that nobody has, nor for the writer of a file that is not staged. */
inline tidy()
{
    for (i : 0 .. TOKENS - 1) {
        ok = !lock[i] && !HAS_TOKEN(tx[0]) && !HAS_TOKEN(tx[1]) && !HAS_TOKEN(tx[ORPHAN]) && !HAS_TOKEN(roll[0]) &&
             !HAS_TOKEN(roll[1]) && !HAS_TOKEN(own[0]) && !HAS_TOKEN(own[1]) && own[0].adopted != i + 1 && own[1].adopted != i + 1;
        for (j : 0 .. FILES - 1) {
            ok = ok && (place[j] != STAGED || writer[j] != i)
        };
        db.retired = db.retired & ~(ok -> BIT(i) : 0);
#if defined(FAILOVER) || defined(RESTORE)
        older.retired = older.retired & ~(ok -> BIT(i) : 0);
#endif
        unused = (ok -> i : unused)
    };
    for (i : 0 .. FILES - 1) {
        writer[i] = (place[i] == STAGED -> writer[i] : 0)
    }
}

/* n = a file that never was. */
inline find_file()
{
    n = 0;
    do
    :: n < FILES && (place[n] || ((db.listed | OLDER(listed) | own[0].found | own[1].found) & BIT(n)) ||
                     (tx[0].phase && tx[0].file == n) || (tx[1].phase && tx[1].file == n) ||
                     (tx[ORPHAN].phase && tx[ORPHAN].file == n) ||
                     (roll[0].phase && roll[0].file == n) || (roll[1].phase && roll[1].file == n)) -> n++
    :: else -> break
    od;
    assert(n < FILES)
}

/* n = an epoch of partition p that never was. */
inline find_epoch(p)
{
    n = 1;
    do
    :: n == db.epoch[p] || n == OLDER(epoch[p]) || n == own[0].epoch[p] || n == own[1].epoch[p] || n == tx[0].epoch[p] ||
       n == tx[1].epoch[p] || n == tx[2].epoch[p] || n == roll[0].epoch[p] || n == roll[1].epoch[p] -> n++
    :: else -> break
    od
}

/* --- PostgreSQL --- */

#ifdef NO_EPOCH
#define EPOCH_IS(p, e) true
#else
#define EPOCH_IS(p, e) (db.epoch[p] == (e))
#endif
#ifdef NO_CAS
#define OFFSET_IS(offset, known) true
#else
#define OFFSET_IS(offset, known) ((offset) == (known))
#endif

/* advance_totals.sql, or advance_archive.sql and insert_archive_files.sql: all of it, or nothing. */
inline execute(t)
{
    ok = true;
    for (i : 0 .. PARTITIONS - 1) {
        ok = ok && (!t.epoch[i] || (EPOCH_IS(i, t.epoch[i]) && OFFSET_IS(db.offset[AT(t.side, i)], t.from[i])))
    }
    if
    :: ok ->
        for (i : 0 .. PARTITIONS - 1) {
            db.offset[AT(t.side, i)] = (t.epoch[i] -> t.to[i] : db.offset[AT(t.side, i)]);
            db.until[t.side] = db.until[t.side] | (t.epoch[i] && t.to[i] == MESSAGES -> BIT(i) : 0)
        }
        written_once = !(db.written[t.side] & t.rows);
        assert(written_once);
        db.written[t.side] = db.written[t.side] | t.rows;
        db.listed = db.listed | (t.side == ARCHIVE -> BIT(t.file) : 0)
    :: else
    fi;
    t.phase = (ok -> DONE : FAILED);
    check()
}

/* hold_files.sql, count_retired.sql: a transaction that lists files shares its token's lock until it ends. */
#ifdef NO_TOKEN_CHECK
#define MAY_LIST(t) true
#else
#define MAY_LIST(t) (!(db.retired & BIT(t.token - 1)))
#endif

#define SESSION(s)                                                                           \
    :: d_step {                                                                              \
        tx[s].phase == SENT && tx[s].side == ARCHIVE;                                        \
        tx[s].phase = (MAY_LIST(tx[s]) -> HOLDING : FAILED)                                  \
    }                                                                                        \
    :: d_step {                                                                              \
        tx[s].phase == HOLDING || (tx[s].phase == SENT && tx[s].side == TOTALS);             \
        execute(tx[s])                                                                       \
    }

/* One process for all sessions: a state of fewer processes takes less memory. */
proctype sessions()
{
end:
    do
    SESSION(0)
    SESSION(1)
    SESSION(ORPHAN)
    :: d_step { tx[ORPHAN].phase >= DONE -> clear_transaction(tx[ORPHAN]); check() } /* nobody asks */
    od
}

/* --- The worker --- */

inline open_staging(w)
{
    unused = TOKENS;
    tidy();
    n = unused;
    assert(n < TOKENS);
    own[w].disconnected = false;
    own[w].token = n + 1;
    lock[n] = w + 1;
    ok = true
}

/* claim_progress.sql; reading begins at the smaller offset. */
#define OWNS(w, p) (own[w].epoch[p] && own[w].epoch[p] == db.epoch[p])
#define IS_OWNED(p) (OWNS(0, p) || OWNS(1, p))
#define MAY_CLAIM(p) ((claims > 0 || !IS_OWNED(p)) && !ANY_ABANDONED)

inline claim(w, p)
{
    claims = (IS_OWNED(p) -> claims - 1 : claims);
    find_epoch(p);
    db.epoch[p] = n;
    own[w].epoch[p] = n;
    own[w].offset[AT(TOTALS, p)] = db.offset[AT(TOTALS, p)];
    own[w].offset[AT(ARCHIVE, p)] = db.offset[AT(ARCHIVE, p)];
#ifdef READ_FROM_TOTALS
    own[w].first[p] = db.offset[AT(TOTALS, p)];
    own[w].next[p] = db.offset[AT(TOTALS, p)]
#else
    own[w].next[p] = MIN(db.offset[AT(TOTALS, p)], db.offset[AT(ARCHIVE, p)])
#endif
}

/* What a transaction sends: all that was read and is not written of a side. */
inline send(w, which, t)
{
    ok = false;
    for (i : 0 .. PARTITIONS - 1) {
        if
        :: own[w].epoch[i] && own[w].next[i] > own[w].offset[AT(which, i)] ->
            ok = true;
            t.epoch[i] = own[w].epoch[i];
            t.from[i] = own[w].offset[AT(which, i)];
            t.to[i] = own[w].next[i];
            t.rows = t.rows | RANGE(i, MAX(own[w].first[i], own[w].offset[AT(which, i)]), own[w].next[i])
        :: else
        fi
    };
    t.side = (ok -> which : 0);
    t.token = (ok -> own[w].token : 0);
    t.phase = (ok -> SENT : 0)
}

/* The file is complete and durable before the transaction that lists it. */
inline stage(w, t)
{
    find_file();
    writer[n] = own[w].token - 1;
#if defined(LIST_FIRST)
    place[n] = 0;
#elif defined(RENAME_FIRST)
    place[n] = PLACED;
#else
    place[n] = STAGED;
#endif
    t.file = n;
    check()
}

inline note_done(w)
{
    for (i : 0 .. PARTITIONS - 1) {
        n = AT(tx[w].side, i);
        own[w].offset[n] = (tx[w].epoch[i] -> tx[w].to[i] : own[w].offset[n])
    };
    n = tx[w].file;
    place[n] = (tx[w].side == ARCHIVE && place[n] == STAGED -> PLACED : place[n]); /* the rename */
    clear_transaction(tx[w]);
    check()
}

#ifdef NO_WAIT
#define LISTS(t, s) false
#else
#define LISTS(t, s) (tx[s].phase == HOLDING && tx[s].token == (t) + 1)
#endif

/* A file in a folder whose lock is free, when nobody lists files of its writer. */
#define ABANDONED(f) (place[f] == STAGED && !lock[writer[f]] && !LISTS(writer[f], 0) && !LISTS(writer[f], 1) && \
                      !LISTS(writer[f], ORPHAN))
#define ANY_ABANDONED (ABANDONED(0) || ABANDONED(1) || ABANDONED(2) || ABANDONED(3) || ABANDONED(4) || \
                       ABANDONED(5))

/* Locks the folder, retires its token and asks which of its files are listed. The program also recovers its own folder when
 * it connects again, and keeps the token: that needs a transaction whose statements are sent one by one, so that none of
 * them begins late (NO_RETIRE with CRASHES=1 shows the trace that is possible otherwise). */
inline adopt(w)
{
    for (i : 0 .. FILES - 1) {
        n = (ABANDONED(i) -> writer[i] : n)
    };
    own[w].adopted = n + 1;
    lock[n] = w + 1;
#ifndef NO_RETIRE
    db.retired = db.retired | BIT(n);
#endif
    for (i : 0 .. FILES - 1) {
        own[w].found = own[w].found | (place[i] == STAGED && writer[i] == n -> BIT(i) : 0)
    };
#if defined(PUBLISH_ALL)
    own[w].kept = own[w].found;
#elif !defined(DELETE_ALL)
    own[w].kept = own[w].found & db.listed;
#endif
    ok = true
}

/* Publishes a listed file, deletes another; after the last one releases the folder. */
inline settle_one(w)
{
    ok = true;
    for (i : 0 .. FILES - 1) {
        if
        :: ok && (own[w].found & BIT(i)) ->
            place[i] = (place[i] == STAGED -> ((own[w].kept & BIT(i)) -> PLACED : 0) : place[i]);
            own[w].found = own[w].found & ~BIT(i);
            own[w].kept = own[w].kept & ~BIT(i);
            ok = false
        :: else
        fi
    };
    if
    :: !own[w].found ->
        release(own[w].adopted - 1, w);
        own[w].adopted = 0
    :: else
    fi;
    check()
}

/* note_idle.sql: the partition is read to its end, and the hour is over. */
#define MAY_NOTE_IDLE(w, p) (!tx[w].phase && own[w].epoch[p] && EPOCH_IS(p, own[w].epoch[p]) && \
                             IS_END(w, p, TOTALS) && IS_END(w, p, ARCHIVE) && !SEALED)
#define IS_END(w, p, side) (own[w].offset[AT(side, p)] == MESSAGES && OFFSET_IS(db.offset[AT(side, p)], MESSAGES))

inline note_idle(p)
{
    db.until[TOTALS] = db.until[TOTALS] | BIT(p);
    db.until[ARCHIVE] = db.until[ARCHIVE] | BIT(p);
    check()
}

/* The workers are alike: worker 0 crashes first. */
#define MAY_CRASH(w) (crashes > 0 && own[w].token && ((w) == 0 || crashes < CRASHES))

/* The worker's last transaction is under way without it, unless it is rolled back. */
inline crash(w)
{
    crashes--;
    forget(w);
    clear_transaction(roll[w]);
    clear_transaction(tx[w]);
    check()
}

#define IS_UNDER_WAY(s) (tx[s].phase == SENT || tx[s].phase == HOLDING)
#define IS_CONNECTED(w) (own[w].token && !own[w].disconnected && !own[w].found && !tx[w].phase)
#ifdef AT_ONCE
#define MAY_ROLL(w) IS_CONNECTED(w)
#define ROLLED(w) tx[w]
#else
/* A commit may be under way meanwhile. */
#define MAY_ROLL(w) (own[w].token && !own[w].disconnected && !own[w].found && !roll[w].phase && tx[w].side == TOTALS)
#define ROLLED(w) roll[w]
#endif
#define IS_BEHIND(w, p, side) (own[w].epoch[p] && own[w].offset[AT(side, p)] < MESSAGES)
#if PARTITIONS == 1
#define IS_CLAIMED(w) own[w].epoch[0]
#define HAS_WORK(w, side) IS_BEHIND(w, 0, side)
#else
#define IS_CLAIMED(w) (own[w].epoch[0] || own[w].epoch[1])
#define HAS_WORK(w, side) (IS_BEHIND(w, 0, side) || IS_BEHIND(w, 1, side))
#endif

/* An idle worker compares its claims with the database's (count_owned.sql). */
#define IS_OUTDATED(w, p) (IS_CONNECTED(w) && !HAS_WORK(w, TOTALS) && !HAS_WORK(w, ARCHIVE) && own[w].epoch[p] && \
                           (own[w].epoch[p] != db.epoch[p] || DIFFERS(w, p, TOTALS) || DIFFERS(w, p, ARCHIVE)))
#define DIFFERS(w, p, side) (own[w].offset[AT(side, p)] != db.offset[AT(side, p)])

/* Reads any number of messages. */
inline read(w)
{
    for (p : 0 .. PARTITIONS - 1) {
        do
        :: own[w].epoch[p] && own[w].next[p] < MESSAGES -> own[w].next[p]++
        :: break
        od
    };
    p = 0
}

inline go_back()
{
    copy_database(older, db);
    copy_database(nothing, older);
    went_back = true;
    check()
}

proctype worker(byte me)
{
    byte p;

end:
    do
    :: d_step { !own[me].token -> open_staging(me) }
    :: d_step { own[me].found -> settle_one(me) }
    :: d_step { IS_CONNECTED(me) && !IS_CLAIMED(me) && ANY_ABANDONED -> adopt(me) }
    :: d_step { IS_CONNECTED(me) && MAY_CLAIM(0) && !roll[me].epoch[0] -> claim(me, 0) }
#if PARTITIONS == 2
    /* they are alike: 0 comes first */
    :: d_step { IS_CONNECTED(me) && db.epoch[0] && MAY_CLAIM(1) && !roll[me].epoch[1] -> claim(me, 1) }
#endif
    :: atomic { IS_CONNECTED(me) && HAS_WORK(me, TOTALS) -> read(me); d_step { send(me, TOTALS, tx[me]) } }
    :: atomic {
        MAY_ROLL(me) && HAS_WORK(me, ARCHIVE) -> read(me);
        d_step {
            send(me, ARCHIVE, ROLLED(me));
            if
            :: ok -> stage(me, ROLLED(me))
            :: else
            fi
        }
    }
    :: d_step {
        IS_CONNECTED(me) && roll[me].phase -> /* roll_finish() */
        copy_transaction(roll[me], tx[me]);
        clear_transaction(roll[me]);
#ifdef STEPS_AT_FINISH
        tx[me].to[0] = own[me].next[0]
#endif
    }
    :: d_step { tx[me].phase == DONE -> note_done(me) }
    :: d_step {
        tx[me].phase == FAILED || own[me].disconnected ->
        clear_transaction(tx[me]);
        drop_roll(me);
        forget(me);
        check()
    }
#ifndef NO_PROBE
    :: d_step { IS_OUTDATED(me, 0) -> drop_roll(me); forget(me); check() }
#endif
    :: d_step { MAY_NOTE_IDLE(me, 0) -> note_idle(0) }
#if PARTITIONS == 2
    :: d_step { IS_OUTDATED(me, 1) -> drop_roll(me); forget(me); check() }
    :: d_step { MAY_NOTE_IDLE(me, 1) -> note_idle(1) }
#endif
    :: d_step { MAY_CRASH(me) -> crash(me) }
    :: d_step { MAY_CRASH(me) && IS_UNDER_WAY(me) && !tx[ORPHAN].phase -> copy_transaction(tx[me], tx[ORPHAN]); crash(me) }
    od
}

active proctype others()
{
#ifdef LOST_LOCK
    byte locks = 1;
#endif
    run sessions();
    run worker(0);
    run worker(1);
end:
    do
#ifdef LOST_LOCK
    :: d_step { locks && own[0].token -> locks--; lock[own[0].token - 1] = 0 }
    :: d_step { locks && own[1].token -> locks--; lock[own[1].token - 1] = 0 }
#endif
#if defined(FAILOVER) || defined(RESTORE)
    :: d_step { !saved -> copy_database(db, older); saved = true }
#endif
#ifdef FAILOVER
    :: d_step {
        saved && !went_back ->
        go_back();
        clear_transaction(tx[0]);
        clear_transaction(tx[1]);
        clear_transaction(tx[ORPHAN]);
        own[0].disconnected = own[0].token > 0;
        own[1].disconnected = own[1].token > 0
    }
#endif
#ifdef RESTORE
    :: d_step { saved && !went_back && !IS_UNDER_WAY(0) && !IS_UNDER_WAY(1) && !IS_UNDER_WAY(ORPHAN) -> go_back() }
#endif
    :: timeout -> all_is_written = FINISHED; assert(all_is_written); break
    od
}
