-- Replaces a user's e-mail address by a pseudonym in the table of users over quota. $1 the user's id, $2 the pseudonym,
-- $3 array of the addresses. An address that another user has, too, is that user's unless the usage is this one's.
UPDATE :"user_quota_limit" AS excess
SET email = $2::text
WHERE email = ANY ($3::text[]) AND (
    NOT EXISTS (SELECT FROM :"user_metadata" AS other WHERE other.email = excess.email AND other.id <> $1::text)
        AND NOT EXISTS (SELECT FROM antenna.user_quota AS other WHERE other.email = excess.email AND other.id <> $1::text)
    OR EXISTS (
        SELECT FROM :"bytes_hourly" AS total
        WHERE total.date = excess.date AND total.type = 'user_bytes_total' AND total.id IN ($1::text, $2::text)
            AND total.value = excess.usage
    )
)
