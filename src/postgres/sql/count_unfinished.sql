-- How many partitions are not yet totalled and archived up to an offset. $1 job, $2 topic; arrays: $3 partition, $4 offset.
SELECT count(*)
FROM unnest($3::integer[], $4::bigint[]) AS wanted (partition, "offset")
LEFT JOIN antenna.progress AS progress
    ON progress.job = $1 AND progress.topic = $2 AND progress.partition = wanted.partition
WHERE (progress.archive_offset >= wanted."offset" AND progress.totals_offset >= wanted."offset") IS NOT TRUE
