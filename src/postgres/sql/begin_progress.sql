-- Stores where each partition of a job that has never run begins; a job that has progress keeps it, and a partition that
-- its topic gets later begins at its first message. Returns how many it stored, and whether there was progress before.
-- $1 job, $2 topic, $3 the start offsets of partition 0, 1, ….
WITH begun AS (
    INSERT INTO antenna.progress (job, topic, partition, totals_offset, archive_offset, owner)
    SELECT $1, $2, start.number - 1, start."offset", start."offset", ''
    FROM unnest($3::bigint[]) WITH ORDINALITY AS start ("offset", number)
    WHERE NOT EXISTS (SELECT FROM antenna.progress WHERE job = $1 AND topic = $2)
    ORDER BY start.number
    ON CONFLICT (job, topic, partition) DO NOTHING
    RETURNING partition
)
SELECT (SELECT count(*) FROM begun), EXISTS (SELECT FROM antenna.progress WHERE job = $1 AND topic = $2)::integer
