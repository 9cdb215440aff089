-- Keeps one of several identical rows of a user. Returns how many were removed, NULL when PostgreSQL did not remove them
-- all, and how many users have rows that differ, which nothing can decide between.
WITH placed AS (
    SELECT tableoid AS table_id, ctid AS row_id, id,
        row_number() OVER (PARTITION BY id, name, email, quota ORDER BY tableoid, ctid) AS place
    FROM :"table"
), removed AS (
    DELETE FROM :"table" AS person USING placed
    WHERE person.tableoid = placed.table_id AND person.ctid = placed.row_id AND placed.place > 1
    RETURNING 1
), differing AS (
    SELECT FROM placed WHERE place = 1 GROUP BY id HAVING count(*) > 1
)
SELECT CASE WHEN count(*) = (SELECT count(*) FROM removed) THEN count(*) END, count(*), 0,
    (SELECT count(*) FROM differing), 0
FROM placed
WHERE place > 1
