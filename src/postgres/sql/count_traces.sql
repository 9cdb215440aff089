-- How many totals have a user's id. $1 the id, $2 array of the labels and $3 array of which part of their ids is a user, as in
-- rename_totals.
WITH kind (type, part, own) AS (
    SELECT type, part, CASE part WHEN 0 THEN $1::text ELSE replace(replace($1::text, '\', '\\'), '/', '\/') END
    FROM unnest($2::text[], $3::integer[]) AS kind (type, part)
)
SELECT count(*)
FROM (SELECT type, id FROM :"bytes" UNION ALL SELECT type, id FROM :"bytes_hourly") AS total
JOIN kind ON kind.type = total.type
WHERE own = CASE part
    WHEN 0 THEN total.id
    WHEN 1 THEN substring(total.id from '^((?:[^\\/]|\\.)*)/')
    ELSE substring(total.id from '^(?:[^\\/]|\\.)*/(.*)$')
END
