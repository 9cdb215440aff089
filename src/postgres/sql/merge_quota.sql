-- Keeps one of several identical rows; rows that differ all stay. Returns how many were removed, NULL when PostgreSQL did not
-- remove them all.
WITH placed AS (
    SELECT tableoid AS table_id, ctid AS row_id,
        row_number() OVER (PARTITION BY email, usage, quota, date ORDER BY tableoid, ctid) AS place
    FROM :"table"
), removed AS (
    DELETE FROM :"table" AS excess USING placed
    WHERE excess.tableoid = placed.table_id AND excess.ctid = placed.row_id AND placed.place > 1
    RETURNING 1
)
SELECT CASE WHEN count(*) = (SELECT count(*) FROM removed) THEN count(*) END, count(*), 0, 0, 0
FROM placed
WHERE place > 1
