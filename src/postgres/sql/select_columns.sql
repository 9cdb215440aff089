-- A table's columns and their types; no rows when there is no such table. $1 its quoted name.
SELECT attname, format_type(atttypid, NULL)
FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
