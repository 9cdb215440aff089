-- Keeps one row of each key: the largest. The Spark job appends a window again when it repeats a batch, with the same
-- value, or when it starts anew in the middle of the window, with less: the largest row saw most. Returns how many rows
-- were removed, and for how many keys they differed.
WITH ranked AS (
    SELECT ctid AS row_id, date, type, id, value,
        row_number() OVER (PARTITION BY date, type, id ORDER BY value DESC, ctid) AS place,
        max(value) OVER (PARTITION BY date, type, id) AS largest
    FROM :"table"
), removed AS (
    DELETE FROM :"table" AS total USING ranked WHERE total.ctid = ranked.row_id AND ranked.place > 1
)
SELECT count(*), count(DISTINCT (date, type, id)) FILTER (WHERE value <> largest) FROM ranked WHERE place > 1
