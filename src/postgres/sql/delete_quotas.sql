-- Removes the history of a user's quotas. $1 the id.
DELETE FROM antenna.user_quota WHERE id = $1::text
