-- Loads users. Arrays: $1 id, $2 name, $3 email, $4 quota. Returns how many were new and how many changed.
WITH loaded AS (
    INSERT INTO :"user_metadata" AS known (id, name, email, quota)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, quota = excluded.quota
    WHERE (known.name, known.email, known.quota) IS DISTINCT FROM (excluded.name, excluded.email, excluded.quota)
    RETURNING xmax = 0 AS is_new -- a row that was there before carries the updating transaction in xmax
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM loaded
