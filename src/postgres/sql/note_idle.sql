-- Notes that partitions are read and archived to their end, for the owner of their epochs only. $1 job, $2 topic; arrays:
-- $3 partition, $4 epoch, $5 the time at which nothing was left to read; as in advance_totals, the server's clock limits
-- it.
UPDATE antenna.progress
SET end_offset = totals_offset,
    totalled_until = greatest(totalled_until, least(step.until, localtimestamp)),
    archived_until = greatest(archived_until, least(step.until, localtimestamp)),
    updated_at = now()
FROM unnest($3::integer[], $4::bigint[], $5::timestamp[]) AS step (partition, epoch, until)
WHERE progress.job = $1 AND progress.topic = $2
    AND progress.partition = step.partition AND progress.epoch = step.epoch
