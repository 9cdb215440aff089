-- Keeps other processes from judging antennas until the transaction ends, unless one does: they would report a silence twice.
SELECT pg_try_advisory_xact_lock(hashtextextended('antenna silence', 0))::integer
