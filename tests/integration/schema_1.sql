-- A database as version 1 of the schema had it: the tables, the bookkeeping and the views.

-- The 5-minute totals. Rows are updated again and again while their window is open: half-filled pages keep the new
-- versions beside the old ones (HOT), without a change to the index.
CREATE TABLE bytes (
    date  TIMESTAMP NOT NULL,        -- the window's begin, UTC
    id    TEXT COLLATE "C" NOT NULL, -- of the antenna or the user, or the app's name
    value BIGINT NOT NULL,           -- bytes
    type  TEXT COLLATE "C" NOT NULL, -- antenna_bytes_total, user_bytes_total or app_bytes_total
    PRIMARY KEY (date, type, id)
) WITH (fillfactor = 50);

-- The hourly totals.
CREATE TABLE bytes_hourly (
    date  TIMESTAMP NOT NULL,        -- the hour's begin, UTC
    id    TEXT COLLATE "C" NOT NULL, -- of the antenna or the user, or the app's name
    value BIGINT NOT NULL,           -- bytes
    type  TEXT COLLATE "C" NOT NULL, -- antenna_bytes_total, user_bytes_total or app_bytes_total
    PRIMARY KEY (date, type, id)
);

-- The users.
CREATE TABLE user_metadata (
    id    TEXT COLLATE "C" PRIMARY KEY,
    name  TEXT,
    email TEXT,
    quota BIGINT -- bytes an hour
);

-- The users over their hourly quota.
CREATE TABLE user_quota_limit (
    email TEXT,
    usage BIGINT, -- bytes
    quota BIGINT, -- bytes
    date  TIMESTAMP -- the hour's begin, UTC
);
CREATE INDEX ON user_quota_limit (date);

-- The program's own bookkeeping, version 1. Run inside a transaction by provision; runs again without effect.
CREATE SCHEMA IF NOT EXISTS antenna;

CREATE TABLE IF NOT EXISTS antenna.schema_version (
    version    INTEGER PRIMARY KEY,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Where each job stands in each partition. records_read = records_totalled + records_rejected, by definition.
CREATE TABLE IF NOT EXISTS antenna.progress (
    job              TEXT COLLATE "C" NOT NULL,
    topic            TEXT COLLATE "C" NOT NULL,
    partition        INTEGER          NOT NULL,
    totals_offset    BIGINT           NOT NULL,           -- next to read for the totals
    archive_offset   BIGINT           NOT NULL,           -- next to read for the archive
    epoch            BIGINT           NOT NULL DEFAULT 0, -- fence: raised by each claim
    owner            TEXT             NOT NULL,           -- host:process:worker of the last claim; empty before the first
    records_totalled BIGINT           NOT NULL DEFAULT 0,
    records_rejected BIGINT           NOT NULL DEFAULT 0,
    bytes_totalled   NUMERIC          NOT NULL DEFAULT 0,
    records_archived BIGINT           NOT NULL DEFAULT 0,
    bytes_archived   NUMERIC          NOT NULL DEFAULT 0,
    end_offset       BIGINT,    -- where the partition ended in Kafka at the last commit
    totalled_until   TIMESTAMP, -- event time, UTC, up to which the totals are complete but for late events
    archived_until   TIMESTAMP, -- the same for the archive; 'infinity' for a job that will never write again
    updated_at       TIMESTAMPTZ      NOT NULL DEFAULT now(),
    PRIMARY KEY (job, topic, partition),
    CHECK (archive_offset <= totals_offset)
);

-- Each Parquet file of the archive, complete and durable. A file without a row here is not part of it, nor is one that
-- another replaces: its rows are in that one, and the row stays here until the file is deleted.
CREATE TABLE IF NOT EXISTS antenna.archive_file (
    path          TEXT COLLATE "C" PRIMARY KEY, -- below the folder that holds year=…
    hour          TIMESTAMP   NOT NULL,         -- UTC
    rows          BIGINT      NOT NULL,
    bytes_total   NUMERIC     NOT NULL,
    min_timestamp TIMESTAMP   NOT NULL,
    max_timestamp TIMESTAMP   NOT NULL,
    size          BIGINT      NOT NULL,         -- of the file
    job           TEXT        NOT NULL,
    topic         TEXT        NOT NULL,
    offsets       JSONB       NOT NULL,         -- {"partition": [first, last]} of the messages inside
    created_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    replaced_by   TEXT COLLATE "C"              -- path of the file that compaction made of it and others
);
CREATE INDEX IF NOT EXISTS archive_file_hour ON antenna.archive_file (hour);

-- Each hour of the archive, and what its last batch run read of the listed files. Rows are only ever added, so an hour
-- has changed after its batch run exactly when its rows differ from the rows that the run read.
CREATE TABLE IF NOT EXISTS antenna.hour (
    hour                 TIMESTAMP PRIMARY KEY, -- UTC
    files                BIGINT      NOT NULL,
    rows                 BIGINT      NOT NULL,
    bytes_total          NUMERIC     NOT NULL,
    changed_at           TIMESTAMPTZ NOT NULL,
    batch_at             TIMESTAMPTZ,
    batch_rows           BIGINT,
    batch_bytes          NUMERIC,
    batch_unlisted_rows  BIGINT, -- what it read besides of files that are not listed (--all-files)
    batch_unlisted_bytes NUMERIC,
    dirty                BOOLEAN GENERATED ALWAYS AS (batch_rows IS NOT NULL AND batch_rows <> rows) STORED
);

-- Messages that are not valid events: where they are, why, and how they begin. Of a flood only the first are kept; the
-- view antenna.rejected shows them as text.
CREATE TABLE IF NOT EXISTS antenna.rejected_message (
    job          TEXT COLLATE "C" NOT NULL,
    topic        TEXT COLLATE "C" NOT NULL,
    partition    INTEGER          NOT NULL,
    "offset"     BIGINT           NOT NULL,
    reason       TEXT             NOT NULL, -- a code, such as not_json
    detail       TEXT             NOT NULL,
    position     INTEGER          NOT NULL, -- byte in the payload where the trouble was found
    payload      BYTEA            NOT NULL, -- its first bytes
    payload_size BIGINT           NOT NULL, -- of the whole payload
    rejected_at  TIMESTAMPTZ      NOT NULL DEFAULT now(),
    PRIMARY KEY (job, topic, partition, "offset")
);

-- How many messages were rejected in each minute, kept or not: their sum is that of progress.records_rejected.
CREATE TABLE IF NOT EXISTS antenna.rejected_count (
    job      TEXT COLLATE "C" NOT NULL,
    topic    TEXT COLLATE "C" NOT NULL,
    minute   TIMESTAMP        NOT NULL, -- in which they were read, UTC
    reason   TEXT COLLATE "C" NOT NULL,
    messages BIGINT           NOT NULL,
    PRIMARY KEY (job, topic, minute, reason)
);

-- Messages that Kafka no longer held when they were to be read, accepted as lost by the operator.
CREATE TABLE IF NOT EXISTS antenna.loss (
    job          TEXT        NOT NULL,
    topic        TEXT        NOT NULL,
    partition    INTEGER     NOT NULL,
    missing_in   TEXT        NOT NULL, -- totals or archive
    first_offset BIGINT      NOT NULL,
    next_offset  BIGINT      NOT NULL, -- the first that was read again; smaller than first_offset in a shortened topic
    accepted_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);

INSERT INTO antenna.schema_version (version) VALUES (1) ON CONFLICT DO NOTHING;

-- What both layers know, for dashboards and for people. Times are UTC. Run by provision, again without effect.

-- Up to when, in event time, every partition of every job is archived; NULL while one of them has nothing to say.
CREATE OR REPLACE VIEW antenna.sealed AS
SELECT CASE WHEN bool_and(archived_until IS NOT NULL) THEN min(archived_until) END AS until
FROM antenna.progress;

-- The hours of the archive. state: open (more is expected), new (sealed and not batched), dirty (sealed, and changed after
-- its batch run) or clean (sealed, and batched as it is).
CREATE OR REPLACE VIEW antenna.hour_state AS
SELECT hour, files, rows, bytes_total, changed_at, batch_at, batch_rows, batch_bytes, sealed, dirty,
    CASE WHEN NOT sealed THEN 'open' WHEN batch_at IS NULL THEN 'new' WHEN dirty THEN 'dirty' ELSE 'clean' END AS state
FROM (
    SELECT hour.*, coalesce(hour.hour + INTERVAL '1 hour' <= sealed.until, false) AS sealed
    FROM antenna.hour AS hour CROSS JOIN antenna.sealed AS sealed
) AS hour;

-- The hourly totals of both layers, each hour from one of them: from batch where the hour is clean, or unknown to the
-- archive and yet batched; else the 5-minute totals summed up. layer: batch or speed.
CREATE OR REPLACE VIEW antenna.hourly AS
WITH RECURSIVE speed_hour (hour) AS ( -- the hours of the 5-minute totals, one look into the index for each
    SELECT date_trunc('hour', min(date)) FROM bytes
    UNION ALL
    SELECT (SELECT date_trunc('hour', min(date)) FROM bytes WHERE date >= hour + INTERVAL '1 hour')
    FROM speed_hour
    WHERE hour IS NOT NULL
)
SELECT date, type, id, value, 'batch' AS layer
FROM bytes_hourly AS total
WHERE NOT EXISTS (SELECT FROM antenna.hour_state AS known WHERE known.hour = total.date AND known.state <> 'clean')
UNION ALL
SELECT speed_hour.hour, total.type, total.id, sum(total.value)::BIGINT, 'speed'
FROM speed_hour
LEFT JOIN antenna.hour_state AS known USING (hour)
JOIN bytes AS total ON total.date >= speed_hour.hour AND total.date < speed_hour.hour + INTERVAL '1 hour'
WHERE CASE
    WHEN known.hour IS NOT NULL THEN known.state <> 'clean'
    ELSE (SELECT min(date) FROM bytes_hourly WHERE date = speed_hour.hour) IS NULL -- one look into the index
END
GROUP BY speed_hour.hour, total.type, total.id;

-- This hour's usage of each user by the speed layer. share: of the quota, 1 = all of it. projected: bytes at the hour's
-- end when it goes on at the rate so far. crosses_at: when that rate passes the quota, NULL when the hour ends before.
CREATE OR REPLACE VIEW antenna.quota_now AS
WITH clock AS (
    SELECT now() AT TIME ZONE 'UTC' AS now, date_trunc('hour', now() AT TIME ZONE 'UTC') AS hour
), used AS (
    SELECT clock.hour, total.id, sum(total.value) AS usage,
        sum(total.value) * 3600 / greatest(extract(EPOCH FROM clock.now - clock.hour), 1) AS projected
    FROM clock
    JOIN bytes AS total ON total.date >= clock.hour AND total.date < clock.hour + INTERVAL '1 hour'
    WHERE total.type = 'user_bytes_total'
    GROUP BY clock.hour, clock.now, total.id
)
SELECT used.hour AS date, used.id, person.name, person.email, used.usage::BIGINT AS usage, person.quota,
    (used.usage / nullif(person.quota, 0))::DOUBLE PRECISION AS share,
    round(used.projected) AS projected,
    CASE
        WHEN used.projected > person.quota THEN used.hour + INTERVAL '1 hour' * (person.quota / used.projected)::FLOAT8
    END AS crosses_at,
    used.usage > person.quota AS exceeded
FROM used
JOIN user_metadata AS person USING (id);

-- How far each partition is. lag_messages: not yet totalled, as of the last commit. lag_seconds: how far the totals are
-- behind the clock in event time, 0 when nothing waits. archive_lag_messages: totalled and not yet archived.
CREATE OR REPLACE VIEW antenna.freshness AS
SELECT job, topic, partition, owner,
    greatest(end_offset - totals_offset, 0) AS lag_messages,
    CASE
        WHEN end_offset <= totals_offset THEN 0
        ELSE greatest(extract(EPOCH FROM now() AT TIME ZONE 'UTC' - totalled_until), 0)
    END::DOUBLE PRECISION AS lag_seconds,
    totals_offset - archive_offset AS archive_lag_messages,
    totalled_until, archived_until, updated_at AS last_commit
FROM antenna.progress;

-- The users over their quota: in how many hours, by how many bytes in all, and when it was worst.
CREATE OR REPLACE VIEW antenna.offenders AS
SELECT email, count(*) AS hours, sum(usage - quota)::BIGINT AS excess,
    (array_agg(date ORDER BY usage - quota DESC, date))[1] AS worst_hour,
    (array_agg(usage ORDER BY usage - quota DESC, date))[1] AS worst_usage,
    (array_agg(quota ORDER BY usage - quota DESC, date))[1] AS worst_quota,
    max(date) AS last_hour
FROM user_quota_limit
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
FROM antenna.rejected_message;
