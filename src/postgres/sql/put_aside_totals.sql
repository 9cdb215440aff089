-- Puts totals aside that no key can hold, and those of events that the speed layer rejects. $1 the table's name. Returns
-- each reason with its rows and their bytes.
WITH judged AS (
    SELECT tableoid AS table_id, ctid AS row_id,
        CASE
            WHEN date IS NULL THEN 'null_date'
            WHEN id IS NULL THEN 'null_id'
            WHEN value IS NULL THEN 'null_value'
            WHEN type IS NULL THEN 'null_type'
            WHEN id = '' THEN 'empty_id'
            WHEN octet_length(id) > CASE
                WHEN type = ANY (ARRAY(SELECT unnest(metrics) FROM antenna.data_set)) THEN 1025 -- may be of a pair
                ELSE 256
            END THEN 'long_id'
            WHEN value < 0 THEN 'negative_value'
            WHEN date < '2000-01-01' THEN 'time_too_old'
            WHEN date > now() AT TIME ZONE 'UTC' + INTERVAL '1 hour' THEN 'time_in_future'
        END AS reason
    FROM :"table"
), removed AS (
    DELETE FROM :"table" AS total USING judged
    WHERE total.tableoid = judged.table_id AND total.ctid = judged.row_id AND judged.reason IS NOT NULL
    RETURNING judged.reason, to_jsonb(total) AS content, total.value
), kept AS (
    INSERT INTO antenna.put_aside (table_name, reason, content) SELECT $1, reason, content FROM removed
)
SELECT reason, count(*), coalesce(sum(value), 0) FROM removed GROUP BY reason ORDER BY reason
