-- Waits until no transaction lists files of the writer with this token any more, but not for ever: the connection of a
-- dead writer can outlive it. $1 token.
SELECT set_config('lock_timeout', '5s', true), pg_advisory_xact_lock(hashtextextended($1, 0))
