-- Moves the totals' offsets of partitions, for the owner of their epochs and from the offsets that it knows only. $1 job,
-- $2 topic; arrays: $3 partition, $4 epoch, $5 offset before, $6 next offset, and what was added since the last commit:
-- $7 records totalled, $8 records rejected, $9 bytes; $10 the event time reached, the epoch when it is unknown, $11 the end
-- of the partition in Kafka. By no clock that is ahead event time comes further than the server's.
UPDATE antenna.progress
SET totals_offset = step.next_offset,
    records_totalled = records_totalled + step.totalled,
    records_rejected = records_rejected + step.rejected,
    bytes_totalled = bytes_totalled + step.bytes,
    totalled_until = greatest(totalled_until, nullif(least(step.until, localtimestamp), 'epoch')),
    end_offset = greatest(step.end_offset, step.next_offset),
    updated_at = now()
FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::numeric[],
            $10::timestamp[], $11::bigint[])
    AS step (partition, epoch, from_offset, next_offset, totalled, rejected, bytes, until, end_offset)
WHERE progress.job = $1 AND progress.topic = $2 AND progress.partition = step.partition
    AND progress.epoch = step.epoch AND progress.totals_offset = step.from_offset
