-- The program's own bookkeeping.
CREATE SCHEMA IF NOT EXISTS antenna;

-- The migrations that were applied; the largest version is that of the schema.
CREATE TABLE antenna.schema_version (
    version    INTEGER PRIMARY KEY,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Where each job stands in each partition. records_read = records_totalled + records_rejected, by definition.
CREATE TABLE antenna.progress (
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
CREATE TABLE antenna.archive_file (
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
CREATE INDEX archive_file_hour ON antenna.archive_file (hour);

-- Each hour of the archive, and what its last batch run read of the listed files. Rows are only ever added, so an hour
-- has changed after its batch run exactly when its rows differ from the rows that the run read.
CREATE TABLE antenna.hour (
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
CREATE TABLE antenna.rejected_message (
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
CREATE TABLE antenna.rejected_count (
    job      TEXT COLLATE "C" NOT NULL,
    topic    TEXT COLLATE "C" NOT NULL,
    minute   TIMESTAMP        NOT NULL, -- in which they were read, UTC
    reason   TEXT COLLATE "C" NOT NULL,
    messages BIGINT           NOT NULL,
    PRIMARY KEY (job, topic, minute, reason)
);

-- Messages that Kafka no longer held when they were to be read, accepted as lost by the operator.
CREATE TABLE antenna.loss (
    job          TEXT        NOT NULL,
    topic        TEXT        NOT NULL,
    partition    INTEGER     NOT NULL,
    missing_in   TEXT        NOT NULL, -- totals or archive
    first_offset BIGINT      NOT NULL,
    next_offset  BIGINT      NOT NULL, -- the first that was read again; smaller than first_offset in a shortened topic
    accepted_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);
