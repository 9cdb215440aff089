-- Takes partitions for this worker: raises their epochs, which fences whoever had them, and tells where they stand.
-- A partition that is new to the job begins at its first message. $1 job, $2 topic, $3 owner, $4 partitions in ascending
-- order, $5 the offsets of their first messages.
INSERT INTO antenna.progress AS progress (job, topic, partition, totals_offset, archive_offset, epoch, owner)
SELECT $1, $2, start.partition, start."offset", start."offset", 1, $3
FROM unnest($4::integer[], $5::bigint[]) AS start (partition, "offset")
ON CONFLICT (job, topic, partition) DO UPDATE
SET epoch = progress.epoch + 1, owner = excluded.owner, updated_at = now()
RETURNING partition, totals_offset, archive_offset, epoch
