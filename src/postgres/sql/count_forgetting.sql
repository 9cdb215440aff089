-- How many users are not erased completely: `antenna forget` is under way, or was interrupted; and the first of them, with the time
-- at which it began in seconds since the epoch.
SELECT count(*), (array_agg(id ORDER BY begun_at, id))[1], extract(EPOCH FROM min(begun_at))::bigint FROM antenna.forgetting
