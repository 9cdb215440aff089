-- Keeps batch runs out of the running hour until the transaction ends, unless one is under way: the key of lock_hour.
SELECT pg_try_advisory_xact_lock(
    hashtextextended('antenna batch ' || date_trunc('hour', now() AT TIME ZONE 'UTC')::text, 0)
)::integer
