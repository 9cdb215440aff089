-- Moves the archive's offsets of partitions, for the owner of their epochs and from the offsets that it knows only. $1 job,
-- $2 topic; arrays: $3 partition, $4 epoch, $5 offset before, $6 next offset, and what was added since the last roll:
-- $7 records archived, $8 bytes; $9 the event time reached, the epoch when it is unknown; as in advance_totals, the server's
-- clock limits it.
UPDATE antenna.progress
SET archive_offset = step.next_offset,
    records_archived = records_archived + step.archived,
    bytes_archived = bytes_archived + step.bytes,
    archived_until = greatest(archived_until, nullif(least(step.until, localtimestamp), 'epoch')),
    updated_at = now()
FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::numeric[], $9::timestamp[])
    AS step (partition, epoch, from_offset, next_offset, archived, bytes, until)
WHERE progress.job = $1 AND progress.topic = $2 AND progress.partition = step.partition
    AND progress.epoch = step.epoch AND progress.archive_offset = step.from_offset
