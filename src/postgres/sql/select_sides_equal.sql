-- Whether an hour's window totals and its archive are of the same events, as far as sums show: else some are on their way from one
-- to the other. By its bytes as commits have counted them, all or since its row in antenna.hour_bytes, which the caller holds, and
-- by its events, as some have no bytes, where they are known; or when nothing is on its way at all. $1 the hour.
WITH waiting AS (
    SELECT coalesce(sum(greatest(totals_offset - archive_offset, 0)), 0) > 0 AS to_archive,
        coalesce(sum(greatest(archive_offset - totals_offset, 0)), 0) > 0 AS to_total
    FROM antenna.progress
    LEFT JOIN antenna.topic AS topic USING (job, topic)
    WHERE topic.archive IS NOT FALSE AND (table_name IS NULL OR table_name = (SELECT bytes FROM antenna.data_set))
)
SELECT (CASE
        WHEN NOT to_archive AND NOT to_total THEN true
        WHEN to_archive AND to_total THEN false
        WHEN counted.hour IS NULL THEN to_archive OR coalesce(known.rows, 0) = 0
        ELSE coalesce(known.bytes_total, 0) IN (
            counted.added, counted.earlier + counted.added::numeric - coalesce(known.rebuilt_unlisted_bytes, 0)
        ) AND (counted.events = coalesce(known.rows, 0)) IS NOT FALSE
    END)::integer
FROM waiting
LEFT JOIN antenna.hour AS known ON known.hour = $1
LEFT JOIN antenna.hour_bytes AS counted ON counted.hour = $1
