-- One provision at a time: the key is arbitrary, the same for all of them.
SELECT pg_advisory_xact_lock(hashtextextended('antenna provision', 0))
