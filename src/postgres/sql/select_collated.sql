-- The columns of a table's key that are not compared byte by byte, and the views that keep PostgreSQL from altering each, or
-- NULL. A column that a table is partitioned by, or has from another table, cannot be altered. $1 the table's quoted name,
-- $2 its key.
SELECT field.attname,
    (SELECT string_agg(DISTINCT rule.ev_class::regclass::text, ', ')
     FROM pg_depend AS dependency
     JOIN pg_rewrite AS rule ON dependency.classid = 'pg_rewrite'::regclass AND rule.oid = dependency.objid
     WHERE refclassid = 'pg_class'::regclass AND refobjid = attrelid AND refobjsubid = attnum)
FROM pg_attribute AS field
JOIN pg_collation AS known ON known.oid = attcollation
WHERE attrelid = to_regclass($1) AND attname = ANY ($2::text[]) AND collname <> 'C' AND attinhcount = 0
    AND NOT EXISTS (
        SELECT
        FROM pg_partition_tree(attrelid) AS branch
        JOIN pg_partitioned_table ON partrelid = branch.relid
        JOIN pg_attribute AS parting ON parting.attrelid = partrelid AND parting.attnum = ANY (partattrs::int2[])
        WHERE parting.attname = field.attname
    )
ORDER BY attnum
