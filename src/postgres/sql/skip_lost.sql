-- Moves a partition past messages that Kafka no longer holds, for the owner of its epoch only, and records the loss.
-- $1 job, $2 topic, $3 partition, $4 epoch, $5 totals offset after it, $6 archive offset after it. The update is joined
-- with the old row to be run after it was read: PostgreSQL would run the insertion last, when that row is no more.
WITH old AS (
    SELECT totals_offset, archive_offset
    FROM antenna.progress
    WHERE job = $1 AND topic = $2 AND partition = $3::integer AND epoch = $4::bigint
    FOR UPDATE
), lost AS (
    INSERT INTO antenna.loss (job, topic, partition, missing_in, first_offset, next_offset)
    SELECT $1, $2, $3::integer, 'archive', archive_offset, $6::bigint FROM old WHERE archive_offset <> $6::bigint
    UNION ALL
    SELECT $1, $2, $3::integer, 'totals', totals_offset, $5::bigint FROM old WHERE totals_offset <> $5::bigint
)
UPDATE antenna.progress
SET totals_offset = $5::bigint, archive_offset = $6::bigint, updated_at = now()
FROM old
WHERE job = $1 AND topic = $2 AND partition = $3::integer AND epoch = $4::bigint
