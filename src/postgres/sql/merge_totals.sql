-- Makes one row of the rows of each key. $1 the rule: sum, max, or parts, which drops repetitions (rows that are equal) and
-- sums up the others; $2 the time zone that dates were converted from, or NULL: rows of an hour that its clocks show twice
-- may be of either, and are summed up. A row is named by its table and its place there, as a place alone is not unique in
-- partitions. Returns rows removed, repetitions among them and their bytes, keys whose rows differed, and keys of hours shown
-- twice; NULL in place of the first when PostgreSQL did not do it all.
WITH placed AS (
    SELECT tableoid AS table_id, ctid AS row_id, date, type, id, value,
        row_number() OVER (PARTITION BY date, type, id ORDER BY value DESC, tableoid, ctid) AS place,
        row_number() OVER (PARTITION BY date, type, id, value ORDER BY tableoid, ctid) > 1 AS repeats,
        coalesce(EXISTS (
            SELECT FROM (VALUES (INTERVAL '30 minutes'), (INTERVAL '1 hour')) AS step (back)
            WHERE date AT TIME ZONE 'UTC' AT TIME ZONE $2 = (date - back) AT TIME ZONE 'UTC' AT TIME ZONE $2
        ), false) AS shown_twice
    FROM :"table"
), merged AS (
    SELECT date, type, id, count(*) - 1 AS removed, min(value) <> max(value) AS differs, bool_or(shown_twice) AS shown_twice,
        CASE
            WHEN bool_or(shown_twice) OR $1 = 'sum' THEN sum(value)
            WHEN $1 = 'max' THEN max(value)
            ELSE sum(value) FILTER (WHERE NOT repeats)
        END AS value,
        CASE WHEN NOT bool_or(shown_twice) AND $1 <> 'sum' THEN count(*) FILTER (WHERE repeats) ELSE 0 END AS repeated,
        CASE WHEN NOT bool_or(shown_twice) AND $1 <> 'sum' THEN sum(value) FILTER (WHERE repeats) END AS repeated_bytes
    FROM placed
    GROUP BY date, type, id
    HAVING count(*) > 1
), removed AS (
    DELETE FROM :"table" AS total USING placed
    WHERE total.tableoid = placed.table_id AND total.ctid = placed.row_id AND placed.place > 1
    RETURNING 1
), changed AS (
    UPDATE :"table" AS total SET value = merged.value
    FROM placed JOIN merged USING (date, type, id)
    WHERE total.tableoid = placed.table_id AND total.ctid = placed.row_id AND placed.place = 1
    RETURNING 1
)
SELECT CASE
        WHEN coalesce(sum(removed), 0) = (SELECT count(*) FROM removed) AND count(*) = (SELECT count(*) FROM changed)
        THEN coalesce(sum(removed), 0)
    END,
    coalesce(sum(repeated), 0), coalesce(sum(repeated_bytes), 0), count(*) FILTER (WHERE differs),
    count(*) FILTER (WHERE shown_twice)
FROM merged
