-- Lets batch runs of an hour in again. $1 the hour.
SELECT pg_advisory_unlock(hashtextextended('antenna batch ' || $1::timestamp::text, 0))
