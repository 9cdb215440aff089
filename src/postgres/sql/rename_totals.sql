-- Puts the totals of a user under a pseudonym, and adds them to those that it has. $1 the first time, NULL for all, and $2 the
-- time before which they end; $3 array of the labels and $4 array of which part of their ids is a user: 0 all of it, 1 the first
-- and 2 the second of a pair; $5 the user's id, $6 the pseudonym. Rows are locked in the order of commits. Returns how many
-- totals there were, and how many were written.
WITH kind (type, part, own) AS (
    SELECT type, part, CASE part WHEN 0 THEN $5::text ELSE replace(replace($5::text, '\', '\\'), '/', '\/') END
    FROM unnest($3::text[], $4::integer[]) AS kind (type, part)
), own AS (
    SELECT total.date, total.type, total.id,
        CASE part
            WHEN 0 THEN $6::text
            WHEN 1 THEN $6::text || substr(total.id, length(own) + 1)
            ELSE left(total.id, length(total.id) - length(own)) || $6::text
        END AS pseudonym
    FROM :"table" AS total
    JOIN kind ON kind.type = total.type
    WHERE ($1::timestamp IS NULL OR total.date >= $1::timestamp AND total.date < $2::timestamp)
        AND (total.id = $5::text OR NOT 0 = ALL ($4::integer[])) -- by the index, unless there are pairs
        AND own = CASE part
            WHEN 0 THEN total.id
            WHEN 1 THEN substring(total.id from '^((?:[^\\/]|\\.)*)/')
            ELSE substring(total.id from '^(?:[^\\/]|\\.)*/(.*)$')
        END
    ORDER BY total.date
    FOR UPDATE OF total
), removed AS (
    DELETE FROM :"table" AS total
    USING own
    WHERE total.date = own.date AND total.type = own.type AND total.id = own.id
    RETURNING total.date, total.type, own.pseudonym, total.value
), added AS (
    INSERT INTO :"table" AS total (date, type, id, value)
    SELECT date, type, pseudonym, value FROM removed
    ON CONFLICT (date, type, id) DO UPDATE SET value = total.value + excluded.value
    RETURNING 1
)
SELECT (SELECT count(*) FROM removed), (SELECT count(*) FROM added)
