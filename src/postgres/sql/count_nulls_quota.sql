-- Nothing in this table is a key.
SELECT 0
