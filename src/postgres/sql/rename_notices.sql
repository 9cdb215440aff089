-- Puts a user's notices under a pseudonym; those that wait, or were given up, have nobody to go to any more. $1 the user's id, $2
-- the pseudonym. Returns how many there were.
WITH removed AS (
    DELETE FROM antenna.notice WHERE kind = 'quota' AND id = $1::text RETURNING *
), added AS (
    INSERT INTO antenna.notice (hour, id, threshold, revision, final, usage, quota, created_at, state, attempts, next_attempt_at,
        reason, settled_at)
    SELECT hour, $2::text, threshold, revision, final, usage, quota, created_at,
        CASE state WHEN 'sent' THEN state ELSE 'skipped' END, attempts, next_attempt_at,
        CASE state WHEN 'sent' THEN NULL ELSE 'the user was forgotten' END, coalesce(settled_at, clock_timestamp())
    FROM removed
    ON CONFLICT (hour, id, threshold, revision) DO NOTHING
)
SELECT count(*) FROM removed
