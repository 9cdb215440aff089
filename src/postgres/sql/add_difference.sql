-- Adds to the window totals what they lack, or have too much, by antenna_difference. What is counted meanwhile stays. $1 the
-- labels in the order of their turns, by which all writers lock rows.
INSERT INTO :"bytes" AS total (date, type, id, value)
SELECT date, type, id, coalesce(value, 0) - coalesce(found, 0)
FROM antenna_difference
ORDER BY array_position($1::text[], type), date, id COLLATE "C"
ON CONFLICT (date, type, id) DO UPDATE SET value = total.value + excluded.value
