-- What every table says of an hour. $1 the hour. A row with, in this order: whether the list
-- knows the hour, whether it is batched and dirty; files, rows and bytes of antenna.hour; the same summed up from
-- antenna.archive_file; the rows and bytes that the last batch run read and how many rows of them were not listed; the rows
-- of the hourly totals; bytes of any hour that are totalled and wait to be archived, and those that are archived and wait to
-- be totalled; the most messages that have them; rows of the window totals at times where no window starts; the rows and bytes
-- of files that are not listed from which the window totals were rebuilt; what retention has removed: files, their rows and
-- bytes, events and bytes of window totals, and whether the hourly totals.
SELECT (known.hour IS NOT NULL)::integer, (known.batch_at IS NOT NULL)::integer, coalesce(known.dirty, false)::integer,
    known.files, known.rows, known.bytes_total, listed.files, listed.rows, listed.bytes,
    known.batch_rows + known.batch_unlisted_rows, known.batch_bytes + known.batch_unlisted_bytes, known.batch_unlisted_rows,
    batch.rows, waiting.to_archive, waiting.to_total, waiting.messages_to_archive, waiting.messages_to_total,
    speed.misplaced, known.rebuilt_unlisted_rows, known.rebuilt_unlisted_bytes,
    known.pruned_files, known.pruned_rows, known.pruned_bytes, known.pruned_events, known.pruned_total_bytes,
    (known.hourly_pruned_at IS NOT NULL)::integer
FROM (
    SELECT count(*) AS files, sum(rows) AS rows, sum(bytes_total) AS bytes
    FROM antenna.archive_file WHERE hour = $1 AND replaced_by IS NULL
) AS listed, (
    SELECT count(*) AS misplaced FROM :"bytes"
    WHERE date >= $1 AND date < $1 + INTERVAL '1 hour' AND NOT date = ANY (ARRAY(
        SELECT generate_series(
            $1, $1 + INTERVAL '00:59:59', INTERVAL '1 second' * (SELECT window_seconds FROM antenna.data_set)
        )
    ))
) AS speed, (
    SELECT count(*) AS rows FROM :"bytes_hourly" WHERE date = $1
) AS batch, (
    SELECT least(sum(most) FILTER (WHERE ahead > 0), 9223372036854775807) AS to_archive,
        least(sum(most) FILTER (WHERE ahead < 0), 9223372036854775807) AS to_total,
        least(sum(messages) FILTER (WHERE ahead > 0), 9223372036854775807) AS messages_to_archive,
        least(sum(messages) FILTER (WHERE ahead < 0), 9223372036854775807) AS messages_to_total
    FROM (
        -- What one side has lost is in the other's bytes for ever: of such a partition any amount may wait.
        SELECT totals_offset - archive_offset AS ahead,
            CASE WHEN loss.partition IS NULL THEN abs(bytes_totalled - bytes_archived) ELSE 9223372036854775807 END AS most,
            CASE WHEN loss.partition IS NULL THEN abs(totals_offset - archive_offset) ELSE 9223372036854775807 END AS messages
        FROM antenna.progress
        LEFT JOIN (SELECT DISTINCT job, topic, partition FROM antenna.loss) AS loss USING (job, topic, partition)
        UNION ALL
        VALUES (1, 0, 0), (-1, 0, 0)
    ) AS sides
) AS waiting
LEFT JOIN antenna.hour AS known ON known.hour = $1
