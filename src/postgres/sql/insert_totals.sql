-- Inserts totals. Arrays: $1 date, $2 number of the label (from 1), $3 id, $4 value; $5 the labels.
INSERT INTO :"table" (date, type, id, value)
SELECT total.date, ($5::text[])[total.label], total.id, total.value
FROM unnest($1::timestamp[], $2::integer[], $3::text[], $4::bigint[]) AS total (date, label, id, value)
