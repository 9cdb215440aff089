-- Gives a pseudonym the quotas that a user has had, so that a rerun of an hour judges it as before. $1 the user's id, $2 the
-- pseudonym. What was in force is ended before another row of it is in force.
INSERT INTO antenna.user_quota (id, valid_from, valid_until, quota, email, noted_at)
SELECT $2::text, valid_from, valid_until, quota, CASE WHEN email IS NOT NULL THEN $2::text END, noted_at
FROM antenna.user_quota
WHERE id = $1::text
ORDER BY valid_from
ON CONFLICT (id, valid_from) DO UPDATE SET valid_until = excluded.valid_until, quota = excluded.quota
