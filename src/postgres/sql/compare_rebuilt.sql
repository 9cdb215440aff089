-- Notes the window totals of an hour that differ from those of antenna_rebuilt, and returns, as of the same moment, the progress
-- of the hour's two sides. $1 the hour, $2 the labels of the totals that count events. Returns the rows and bytes of
-- antenna.hour; the bytes that were counted, by antenna.hour_bytes or, where it has no row, by the table; its `added`, and
-- the version of its row, NULL for none; messages of any hour that are totalled and not archived yet, and the other way
-- round; the bytes and the events of the table; how many totals are missing, have another value, and are too many.
-- A total of no bytes that the archive lacks may wait for it.
WITH found AS (
    SELECT date, type, id, value FROM :"bytes" WHERE date >= $1 AND date < $1 + INTERVAL '1 hour'
), waiting AS (
    SELECT coalesce(sum(greatest(totals_offset - archive_offset, 0)), 0) AS to_archive,
        coalesce(sum(greatest(archive_offset - totals_offset, 0)), 0) AS to_total
    FROM antenna.progress
    LEFT JOIN antenna.topic AS topic USING (job, topic)
    WHERE table_name IS NULL OR table_name = (SELECT bytes FROM antenna.data_set)
), differing AS (
    INSERT INTO antenna_difference (date, type, id, value, found)
    SELECT date, type, id, rebuilt.value, found.value
    FROM found FULL JOIN antenna_rebuilt AS rebuilt USING (date, type, id) CROSS JOIN waiting
    WHERE rebuilt.value IS DISTINCT FROM found.value
        AND (rebuilt.value IS NOT NULL OR found.value <> 0 OR waiting.to_archive = 0)
    RETURNING value, found
), sums AS (
    SELECT type, sum(value) AS value FROM found GROUP BY type
), users AS (
    SELECT coalesce(max(value), 0) AS bytes FROM sums WHERE type = 'user_bytes_total'
)
SELECT coalesce(known.rows, 0), least(coalesce(known.bytes_total, 0), 9223372036854775807)::bigint,
    least(coalesce(counted.earlier + counted.added::numeric, users.bytes), 9223372036854775807)::bigint,
    counted.added, counted.xmin::text, waiting.to_archive, waiting.to_total,
    least(users.bytes, 9223372036854775807)::bigint,
    (SELECT least(coalesce(max(value), 0), 9223372036854775807)::bigint FROM sums WHERE type = ANY ($2::text[])),
    (SELECT count(*) FROM differing WHERE found IS NULL),
    (SELECT count(*) FROM differing WHERE found IS NOT NULL AND value IS NOT NULL),
    (SELECT count(*) FROM differing WHERE value IS NULL)
FROM users
CROSS JOIN waiting
LEFT JOIN antenna.hour AS known ON known.hour = $1
LEFT JOIN antenna.hour_bytes AS counted ON counted.hour = $1
