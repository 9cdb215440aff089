-- Keeps one of several identical rows of a user. Returns how many were removed, and how many users have rows that differ,
-- which nothing can decide between.
WITH ranked AS (
    SELECT ctid AS row_id, id, row_number() OVER (PARTITION BY id, name, email, quota ORDER BY ctid) AS place
    FROM :"table"
), removed AS (
    DELETE FROM :"table" AS person USING ranked WHERE person.ctid = ranked.row_id AND ranked.place > 1
)
SELECT count(*) FILTER (WHERE place > 1),
    (SELECT count(*) FROM (SELECT FROM ranked WHERE place = 1 GROUP BY id HAVING count(*) > 1) AS differing)
FROM ranked
