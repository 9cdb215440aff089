-- Keeps one of several identical rows. Returns how many were removed; rows that differ all stay.
WITH ranked AS (
    SELECT ctid AS row_id, row_number() OVER (PARTITION BY email, usage, quota, date ORDER BY ctid) AS place
    FROM :"table"
), removed AS (
    DELETE FROM :"table" AS excess USING ranked WHERE excess.ctid = ranked.row_id AND ranked.place > 1
)
SELECT count(*), 0 FROM ranked WHERE place > 1
