-- Loads users. Arrays: $1 id, $2 name, $3 email, $4 quota. Returns how many were new and how many changed.
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS given (id, name, email, quota)
), known AS (
    SELECT given.id FROM :"user_metadata" JOIN given USING (id)
), loaded AS (
    INSERT INTO :"user_metadata" AS person (id, name, email, quota)
    SELECT id, name, email, quota FROM given
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, quota = excluded.quota
    WHERE (person.name, person.email, person.quota) IS DISTINCT FROM (excluded.name, excluded.email, excluded.quota)
    RETURNING id
)
SELECT count(*) - count(known.id), count(known.id) FROM loaded LEFT JOIN known USING (id)
