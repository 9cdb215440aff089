-- What may have changed or dropped rows that were written to a table, or to a partition of it: NULL if there is nothing. $1
-- its name, or that of a table of ours with its schema.
WITH root AS (
    SELECT coalesce(to_regclass(quote_ident($1)), to_regclass($1)) AS id
), tree AS (
    SELECT id::oid FROM root UNION SELECT relid FROM root, pg_partition_tree(id)
)
SELECT string_agg(DISTINCT name, ', ' ORDER BY name)
FROM (
    SELECT 'trigger ' || quote_ident(tgname) FROM tree JOIN pg_trigger ON tgrelid = id
    WHERE NOT tgisinternal AND tgenabled <> 'D'
    UNION ALL
    SELECT 'rule ' || quote_ident(rulename) FROM tree JOIN pg_rewrite ON ev_class = id WHERE ev_type <> '1'
    UNION ALL
    SELECT 'row-level security' FROM tree WHERE row_security_active(id)
) AS interceptor (name)
