-- How many partitions are still where a statement of this transaction should have moved them from. $1 job, $2 topic;
-- arrays: $3 partition, $4 epoch, $5 offset before; $6 whether that is the totals' offset, else the archive's.
SELECT count(*)
FROM antenna.progress AS progress
JOIN unnest($3::integer[], $4::bigint[], $5::bigint[]) AS step (partition, epoch, from_offset) USING (partition, epoch)
WHERE progress.job = $1 AND progress.topic = $2
    AND step.from_offset = CASE WHEN $6::boolean THEN progress.totals_offset ELSE progress.archive_offset END
