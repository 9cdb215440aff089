-- The counters of all jobs, but those that count into a table of their own, beside what the hours and the rejected messages
-- add up to: records and bytes totalled, records and bytes archived, records rejected; rows and bytes of the hours, rejected
-- messages by minute.
WITH own AS (
    SELECT job, topic FROM antenna.topic WHERE table_name <> (SELECT bytes FROM antenna.data_set)
)
SELECT coalesce(sum(records_totalled), 0), coalesce(sum(bytes_totalled), 0), coalesce(sum(records_archived), 0),
    coalesce(sum(bytes_archived), 0), coalesce(sum(records_rejected), 0),
    (SELECT coalesce(sum(rows), 0) FROM antenna.hour), (SELECT coalesce(sum(bytes_total), 0) FROM antenna.hour),
    (SELECT coalesce(sum(messages), 0) FROM antenna.rejected_count LEFT JOIN own USING (job, topic) WHERE own.job IS NULL)
FROM antenna.progress LEFT JOIN own USING (job, topic)
WHERE own.job IS NULL
