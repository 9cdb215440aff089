-- Adds to window totals. Arrays: $1 date, $2 number of the label (from 1), $3 id, $4 value, in the order of
-- speed/totals.h, so that two workers lock rows in the same order; $5 the labels.
INSERT INTO :"table" AS total (date, type, id, value)
SELECT delta.date, ($5::text[])[delta.label], delta.id, delta.value
FROM unnest($1::timestamp[], $2::integer[], $3::text[], $4::bigint[]) AS delta (date, label, id, value)
ON CONFLICT (date, type, id) DO UPDATE SET value = total.value + excluded.value
