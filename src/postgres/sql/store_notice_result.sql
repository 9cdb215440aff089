-- Notes what an attempt has come to. $1 the hour, $2 the user, $3 threshold, $4 revision and $5 number of the attempt, without
-- which another has begun since; $6 the state, $7 the attempts that count, $8 a pause in milliseconds before the next, $9 the
-- reason.
UPDATE antenna.notice
SET state = $6::text, attempts = $7::bigint, next_attempt_at = now() + INTERVAL '1 millisecond' * $8::bigint, reason = $9::text,
    settled_at = CASE WHEN $6::text <> 'waiting' THEN now() END
WHERE hour = $1 AND id = $2 AND threshold = $3::bigint AND revision = $4::bigint AND attempts = $5::bigint
    AND state = 'waiting'
