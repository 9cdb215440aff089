-- Notes that a user is being erased, by a random pseudonym, unless it is noted. $1 the user's id. Returns the pseudonym, and the
-- names and e-mail addresses that the user has had, as arrays in text form.
WITH known AS (
    SELECT coalesce(array_agg(DISTINCT name) FILTER (WHERE name <> ''), '{}') AS names,
        coalesce(array_agg(DISTINCT email) FILTER (WHERE email <> ''), '{}') AS emails
    FROM (
        SELECT name::text, email::text FROM :"user_metadata" WHERE id = $1::text
        UNION ALL
        SELECT NULL, email FROM antenna.user_quota WHERE id = $1::text
    ) AS person
)
INSERT INTO antenna.forgetting AS begun (id, pseudonym, names, emails)
SELECT $1::text, 'forgotten-' || gen_random_uuid(), names, emails FROM known
ON CONFLICT (id) DO UPDATE
SET names = ARRAY(SELECT unnest(begun.names) UNION SELECT unnest(excluded.names)),
    emails = ARRAY(SELECT unnest(begun.emails) UNION SELECT unnest(excluded.emails))
RETURNING pseudonym, names::text, emails::text
