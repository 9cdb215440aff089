-- How many partitions are as their owner knows them: the same epoch and both offsets. Fewer than it has: another claim, or
-- a restore, has come in between. $1 job, $2 topic; arrays: $3 partition, $4 epoch, $5 totals offset, $6 archive offset.
SELECT count(*)
FROM antenna.progress AS progress
JOIN unnest($3::integer[], $4::bigint[], $5::bigint[], $6::bigint[])
    AS claim (partition, epoch, totals_offset, archive_offset) USING (partition, epoch, totals_offset, archive_offset)
WHERE progress.job = $1 AND progress.topic = $2
