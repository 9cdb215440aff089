-- Taken by the transaction that lists files of the writer with this token, so that a recovery of the writer's folder
-- waits for its end. $1 token.
SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))
