-- The counters of all jobs beside what the hours and the rejected messages add up to: records and bytes totalled, records
-- and bytes archived, records rejected; rows and bytes of the hours, rejected messages by minute.
SELECT coalesce(sum(records_totalled), 0), coalesce(sum(bytes_totalled), 0), coalesce(sum(records_archived), 0),
    coalesce(sum(bytes_archived), 0), coalesce(sum(records_rejected), 0),
    (SELECT coalesce(sum(rows), 0) FROM antenna.hour), (SELECT coalesce(sum(bytes_total), 0) FROM antenna.hour),
    (SELECT coalesce(sum(messages), 0) FROM antenna.rejected_count)
FROM antenna.progress
