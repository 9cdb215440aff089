-- Notes that partitions are totalled and archived to their end, for the owner of their epochs and where both offsets are
-- those that it knows only. $1 job, $2 topic; arrays: $3 partition, $4 epoch, $5 totals offset, $6 archive offset; $7 the time at
-- which nothing was left to read; as in advance_totals, the server's clock limits it.
UPDATE antenna.progress
SET end_offset = progress.totals_offset,
    totalled_until = greatest(totalled_until, least($7::timestamp, localtimestamp)),
    archived_until = greatest(archived_until, least($7::timestamp, localtimestamp)),
    updated_at = now()
FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::bigint[])
    AS claim (partition, epoch, totals_offset, archive_offset)
WHERE progress.job = $1 AND progress.topic = $2 AND progress.partition = claim.partition AND progress.epoch = claim.epoch
    AND progress.totals_offset = claim.totals_offset AND progress.archive_offset = claim.archive_offset
