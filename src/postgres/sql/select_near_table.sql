-- A table that differs from a missing one in its upper-case letters only. $1 the name: table, or schema.table.
SELECT concat(CASE WHEN $1::text LIKE '%.%' THEN nspname || '.' END, relname)
FROM pg_class JOIN pg_namespace AS place ON place.oid = relnamespace
WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE
        WHEN $1 LIKE '%.%' THEN lower(nspname || '.' || relname) = lower($1)
        ELSE lower(relname) = lower($1) AND nspname = ANY (current_schemas(false))
    END
ORDER BY nspname, relname
LIMIT 1
