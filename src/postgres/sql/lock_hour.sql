-- One batch run of an hour at a time. $1 the hour.
SELECT pg_advisory_xact_lock(hashtextextended('antenna batch ' || $1::timestamp::text, 0))
