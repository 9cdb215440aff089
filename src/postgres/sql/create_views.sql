-- What both layers know, for dashboards and for people. Times are UTC. Run by provision, again without effect.

-- Views are locked from above, as a query locks them, or provision and a query could wait for each other. Resetting an
-- option that they do not have locks them alone; LOCK would lock their tables, too.
ALTER VIEW IF EXISTS antenna.hourly RESET (security_barrier);
ALTER VIEW IF EXISTS antenna.hour_state RESET (security_barrier);
ALTER VIEW IF EXISTS antenna.silent_antennas RESET (security_barrier);
ALTER VIEW IF EXISTS antenna.antenna_seen RESET (security_barrier);

-- Up to when, in event time, every partition of every job is totalled and archived; NULL while one of them has nothing to
-- say. A job that counts into a table of its own adds nothing to the archive; one that will never write again, whose
-- archived_until is infinity, holds nothing up.
CREATE OR REPLACE VIEW antenna.sealed AS
SELECT CASE
    WHEN bool_and(archived_until IS NOT NULL AND (totalled_until IS NOT NULL OR archived_until = 'infinity'))
        THEN min(CASE WHEN archived_until = 'infinity' THEN archived_until ELSE least(totalled_until, archived_until) END)
END AS until
FROM antenna.progress AS progress
LEFT JOIN antenna.topic AS topic USING (job, topic)
WHERE table_name IS NULL OR table_name = (SELECT bytes FROM antenna.data_set);

-- The hours of the archive. state: held (the totals did not come from this archive alone, and it has rows that are not in
-- them: nobody but an operator can say what belongs together), open (more is expected), new (sealed and not batched), dirty
-- (sealed, and changed after its batch run), clean (sealed, and batched as it is) or pruned (its hourly totals were removed).
-- Hourly totals did not come from here when no batch run has noted them, or one that read other files, too; window totals,
-- when they are more than what is archived and what waits for it. What was removed is no part of files, rows and bytes.
CREATE OR REPLACE VIEW antenna.hour_state AS
SELECT hour, files - pruned_files AS files, rows - pruned_rows AS rows, bytes_total - pruned_bytes AS bytes_total,
    changed_at, batch_at, batch_rows, batch_bytes, sealed, dirty,
    CASE
        WHEN hourly_pruned_at IS NOT NULL THEN 'pruned'
        WHEN mixed AND dirty AND archive_pruned_at IS NULL OR batch_at IS NULL AND (
            EXISTS (SELECT FROM :"bytes_hourly" WHERE date = hour)
            OR sealed AND (
                SELECT sum(value)
                FROM generate_series(
                    hour, hour + INTERVAL '00:59:59', INTERVAL '1 second' * (SELECT window_seconds FROM antenna.data_set)
                ) AS part (begin)
                JOIN :"bytes" AS total ON total.date = part.begin AND total.type = 'app_bytes_total'
            ) > bytes_total + (SELECT sum(greatest(bytes_totalled - bytes_archived, 0)) FROM antenna.progress)
        ) THEN 'held'
        WHEN NOT sealed AND NOT mixed THEN 'open'
        WHEN batch_at IS NULL THEN 'new'
        WHEN dirty THEN 'dirty'
        ELSE 'clean'
    END AS state,
    totals_pruned_at, archive_pruned_at, hourly_pruned_at
FROM (
    SELECT hour.*, coalesce(hour.hour + INTERVAL '1 hour' <= sealed.until, false) AS sealed,
        coalesce(hour.batch_unlisted_rows > 0, false) AS mixed
    FROM antenna.hour AS hour CROSS JOIN antenna.sealed AS sealed
) AS hour;

-- The hourly totals of both layers, each hour from one of them: from batch where the hour is clean, or held or unknown to
-- the archive and yet with hourly totals; else the window totals summed up. Where window totals were removed, those that are
-- left are of late events alone. layer: batch or speed.
CREATE OR REPLACE VIEW antenna.hourly AS
WITH RECURSIVE speed_hour (hour) AS ( -- the hours of the window totals, one look into the index for each
    -- An infinite date has no next hour, and the last one of the type neither: the recursion would fail, or not end.
    SELECT date_trunc('hour', min(date)) FROM :"bytes" WHERE date > '-infinity' AND date < '200000-01-01'
    UNION ALL
    SELECT (
        SELECT date_trunc('hour', min(date)) FROM :"bytes" WHERE date >= hour + INTERVAL '1 hour' AND date < '200000-01-01'
    )
    FROM speed_hour
    WHERE hour IS NOT NULL
)
SELECT date, type COLLATE "C" AS type, id COLLATE "C" AS id, value, 'batch' AS layer
FROM :"bytes_hourly" AS total
WHERE NOT EXISTS (
    SELECT FROM antenna.hour_state AS known
    WHERE known.hour = total.date AND known.state NOT IN ('clean', 'held') AND known.totals_pruned_at IS NULL
)
UNION ALL
SELECT speed_hour.hour, total.type COLLATE "C", total.id COLLATE "C", sum(total.value)::BIGINT, 'speed'
FROM speed_hour
LEFT JOIN antenna.hour_state AS known USING (hour)
JOIN :"bytes" AS total ON total.date >= speed_hour.hour AND total.date < speed_hour.hour + INTERVAL '1 hour'
WHERE known.totals_pruned_at IS NULL AND CASE
    WHEN known.state <> 'held' THEN known.state <> 'clean'
    ELSE (SELECT min(date) FROM :"bytes_hourly" WHERE date = speed_hour.hour) IS NULL -- one look into the index
END
GROUP BY speed_hour.hour, total.type, total.id;

-- Whether a usage is more than so many percent of a quota, as users are over it at 100. Of a quota of 0 only that means something.
CREATE OR REPLACE FUNCTION antenna.passes(usage NUMERIC, quota NUMERIC, percent INTEGER) RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE AS $$
    SELECT usage * 100 > quota * percent AND (quota > 0 OR percent = 100)
$$;

-- This hour's usage of each user by the speed layer, and the quota in force when the hour began, as batch will judge. share: of the quota, 1 = all of it. projected: bytes at the hour's
-- end when it goes on at the rate so far. crosses_at: when that rate passes the quota, NULL when the hour ends before.
CREATE OR REPLACE VIEW antenna.quota_now AS
WITH clock AS (
    SELECT now() AT TIME ZONE 'UTC' AS now, date_trunc('hour', now() AT TIME ZONE 'UTC') AS hour
), used AS (
    SELECT clock.hour, total.id COLLATE "C" AS id, sum(total.value) AS usage,
        sum(total.value) * 3600 / greatest(extract(EPOCH FROM clock.now - clock.hour), 1) AS projected
    FROM clock
    JOIN :"bytes" AS total ON total.date >= clock.hour AND total.date < clock.hour + INTERVAL '1 hour'
    WHERE total.type = 'user_bytes_total'
    GROUP BY clock.hour, clock.now, total.id
)
SELECT used.hour AS date, used.id, person.name, allowed.email, used.usage::BIGINT AS usage, allowed.quota,
    (used.usage / nullif(allowed.quota, 0))::DOUBLE PRECISION AS share,
    round(used.projected) AS projected,
    CASE
        WHEN used.projected > allowed.quota THEN used.hour + INTERVAL '1 hour' * (allowed.quota / used.projected)::FLOAT8
    END AS crosses_at,
    used.usage > allowed.quota AS exceeded
FROM used
JOIN antenna.user_quota AS allowed
    ON allowed.id = used.id AND valid_from <= used.hour AND (valid_until <= used.hour) IS NOT TRUE
LEFT JOIN :"user_metadata" AS person ON person.id = used.id;

-- The progress of each partition. lag_messages: not yet totalled, as of the last commit. lag_seconds: of the totals
-- behind the clock in event time, 0 when nothing waits. archive_lag_messages: not yet archived.
CREATE OR REPLACE VIEW antenna.freshness AS
SELECT job, topic, partition, owner,
    greatest(end_offset - totals_offset, 0) AS lag_messages,
    CASE
        WHEN end_offset <= totals_offset THEN 0
        ELSE greatest(extract(EPOCH FROM now() AT TIME ZONE 'UTC' - totalled_until), 0)
    END::DOUBLE PRECISION AS lag_seconds,
    greatest(greatest(end_offset, totals_offset) - archive_offset, 0) AS archive_lag_messages,
    totalled_until, archived_until, updated_at AS last_commit
FROM antenna.progress;

-- Up to when, in event time, antennas can be judged silent: as far as every partition of every job is totalled. reason: why they
-- cannot be judged, NULL when they can. Totals that are further behind the clock than antennas may be silent show nothing of now.
-- No partition is totalled further than when it was last written: the clock may have been ahead, and set back since.
CREATE OR REPLACE VIEW antenna.silence AS
SELECT least(last.totalled_until, clock.now) AS judged_until,
    CASE
        WHEN last.job IS NULL THEN 'no job has read anything yet'
        WHEN last.totalled_until IS NULL
            THEN format('partition %s of topic "%s" (job "%s") is not totalled yet', last.partition, last.topic, last.job)
        WHEN last.totalled_until > clock.now + INTERVAL '1 second' * silent_after_seconds
            THEN format('partition %s of topic "%s" (job "%s") was last written by a clock that was ahead', last.partition,
                last.topic, last.job)
        WHEN last.totalled_until < clock.now - INTERVAL '1 second' * silent_after_seconds
            THEN format('partition %s of topic "%s" (job "%s") is totalled until %s only', last.partition, last.topic, last.job,
                to_char(last.totalled_until, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
    END AS reason
FROM antenna.data_set
CROSS JOIN (SELECT now() AT TIME ZONE 'UTC' AS now) AS clock
LEFT JOIN LATERAL (
    SELECT job, topic, partition, written.totalled_until
    FROM antenna.progress AS progress
    LEFT JOIN antenna.topic AS topic USING (job, topic)
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN progress.totalled_until IS NOT NULL THEN least(progress.totalled_until, updated_at AT TIME ZONE 'UTC')
        END AS totalled_until
    ) AS written
    WHERE (table_name IS NULL OR table_name = data_set.bytes) AND archived_until IS DISTINCT FROM 'infinity'
    ORDER BY written.totalled_until IS NOT NULL,
        written.totalled_until <= clock.now + INTERVAL '1 second' * silent_after_seconds, written.totalled_until,
        job, topic, partition
    LIMIT 1
) AS last ON true;

-- The antennas that are watched, which had events within a time of antenna.data_set, by default a day: until when, which is the
-- end of the last window with any, and how many bytes in that time. silent: whether they have had none for so long that they
-- are silent, by default half an hour. No rows while they cannot be judged. An event of a clock that is ahead counts, but not
-- one that is ahead of the time judged by more than antennas are watched: it would hide a silence for years, and each window
-- until then would be looked up.
CREATE OR REPLACE VIEW antenna.antenna_seen AS
SELECT total.id COLLATE "C" AS antenna, max(total.date) + length AS seen_until, sum(total.value) AS bytes,
    max(total.date) + length <= judged_until - silent_after AS silent, judged_until
FROM (
    SELECT judged_until, INTERVAL '1 second' * window_seconds AS length,
        INTERVAL '1 second' * silent_after_seconds AS silent_after,
        judged_until - INTERVAL '1 second' * active_within_seconds AS watched_from,
        judged_until + INTERVAL '1 second' * active_within_seconds AS watched_until
    FROM antenna.silence CROSS JOIN antenna.data_set
    WHERE reason IS NULL
) AS judged
CROSS JOIN LATERAL generate_series(
    date_trunc('hour', watched_from), least((SELECT max(date) FROM :"bytes"), watched_until), length
) AS part (begin)
CROSS JOIN LATERAL ( -- OFFSET keeps this one look into the index for each window, instead of a scan of all that there ever were
    SELECT date, id, value FROM :"bytes" WHERE date = part.begin AND type = 'antenna_bytes_total' OFFSET 0
) AS total
WHERE part.begin + length > watched_from
GROUP BY total.id, length, judged_until, silent_after;

-- Of these the silent ones. silent_since: how long no event is known of, which is for less than a window more.
CREATE OR REPLACE VIEW antenna.silent_antennas AS
SELECT antenna, seen_until AS silent_since, judged_until, bytes FROM antenna.antenna_seen WHERE silent;

-- The users over the quotas that each hour was judged by: in how many hours, by how many bytes in all, and when it was worst.
CREATE OR REPLACE VIEW antenna.offenders AS
SELECT email, count(*) AS hours, sum(usage - quota)::BIGINT AS excess,
    (array_agg(date ORDER BY usage - quota DESC, date))[1] AS worst_hour,
    (array_agg(usage ORDER BY usage - quota DESC, date))[1] AS worst_usage,
    (array_agg(quota ORDER BY usage - quota DESC, date))[1] AS worst_quota,
    max(date) AS last_hour
FROM :"user_quota_limit"
GROUP BY email;

-- Bytes as text: as they are when they are UTF-8, else with escapes for what is not ASCII.
CREATE OR REPLACE FUNCTION antenna.readable(bytes BYTEA) RETURNS TEXT LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN convert_from(bytes, 'UTF8');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
    RETURN encode(bytes, 'escape');
END
$$;

-- The rejected messages that were kept, with their payload as text.
CREATE OR REPLACE VIEW antenna.rejected AS
SELECT job, topic, partition, "offset", reason, detail, position, antenna.readable(payload) AS payload, payload_size,
    rejected_at
FROM antenna.rejected_message
