-- Moves a partition past messages that Kafka no longer holds, for the owner of its epoch and from the offsets that it knows
-- only, and records the loss. $1 job, $2 topic, $3 partition, $4 epoch, $5 totals offset and $6 archive offset before it,
-- $7 and $8 after it. Returns how many partitions it moved and how many ranges it recorded.
WITH moved AS (
    UPDATE antenna.progress
    SET totals_offset = $7::bigint, archive_offset = $8::bigint, updated_at = now()
    WHERE job = $1 AND topic = $2 AND partition = $3::integer AND epoch = $4::bigint
        AND totals_offset = $5::bigint AND archive_offset = $6::bigint
    RETURNING partition
), lost AS (
    INSERT INTO antenna.loss (job, topic, partition, missing_in, first_offset, next_offset)
    SELECT $1, $2, moved.partition, range.missing_in, range.first_offset, range.next_offset
    FROM moved
    CROSS JOIN (VALUES ('archive', $6::bigint, $8::bigint), ('totals', $5::bigint, $7::bigint))
        AS range (missing_in, first_offset, next_offset)
    WHERE first_offset <> next_offset
    RETURNING partition
)
SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM lost)
