-- Waits until no transaction lists files of the writer with this token any more. $1 token.
SELECT pg_advisory_xact_lock(hashtextextended($1, 0))
