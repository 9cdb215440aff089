-- The hours that are of most interest: those that are not clean, the newest first, and then the newest that are. $1 how
-- many. Hour in seconds since the epoch, state, whether it is sealed and dirty, files, rows and bytes, when it changed and
-- when batch last ran it (NULL: never), in seconds since the epoch.
SELECT extract(EPOCH FROM hour)::bigint, state, sealed::integer, dirty::integer, files, rows, bytes_total,
    extract(EPOCH FROM changed_at)::bigint, extract(EPOCH FROM batch_at)::bigint
FROM antenna.hour_state
ORDER BY state IN ('clean', 'pruned'), hour DESC
LIMIT $1::bigint
