-- Puts users over their quota aside of whom no hour is known. $1 the table's name. Returns each reason with its rows, and 0.
WITH removed AS (
    DELETE FROM :"table" AS excess WHERE date IS NULL
    RETURNING 'null_date' AS reason, to_jsonb(excess) AS content
), kept AS (
    INSERT INTO antenna.put_aside (table_name, reason, content) SELECT $1, reason, content FROM removed
)
SELECT reason, count(*), 0 FROM removed GROUP BY reason ORDER BY reason
