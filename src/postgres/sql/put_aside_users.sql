-- Puts users aside that no key can hold. $1 the table's name. Returns each reason with its rows, and 0.
WITH removed AS (
    DELETE FROM :"table" AS person WHERE id IS NULL OR id = ''
    RETURNING CASE WHEN id IS NULL THEN 'null_id' ELSE 'empty_id' END AS reason, to_jsonb(person) AS content
), kept AS (
    INSERT INTO antenna.put_aside (table_name, reason, content) SELECT $1, reason, content FROM removed
)
SELECT reason, count(*), 0 FROM removed GROUP BY reason ORDER BY reason
