-- Keeps batch runs of an hour out until release_hour_lock or the session's end: the key is that of lock_hour. $1 the hour.
SELECT pg_advisory_lock(hashtextextended('antenna batch ' || $1::timestamp::text, 0))
