-- The archive as a whole: hours that are open, new, dirty, held, clean and pruned; files, rows, bytes of events and size on disk; the
-- event time up to which all is archived in seconds since the epoch (NULL: unknown or for ever); size of the database.
SELECT count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state = 'new'),
    count(*) FILTER (WHERE state = 'dirty'), count(*) FILTER (WHERE state = 'held'),
    count(*) FILTER (WHERE state = 'clean'), count(*) FILTER (WHERE state = 'pruned'),
    coalesce(sum(files), 0), coalesce(sum(rows), 0), coalesce(sum(bytes_total), 0),
    (SELECT coalesce(sum(size), 0) FROM antenna.archive_file WHERE replaced_by IS NULL),
    (SELECT extract(EPOCH FROM until)::bigint FROM antenna.sealed WHERE isfinite(until)),
    pg_database_size(current_database())
FROM antenna.hour_state
