-- What keeps a table from serving as one of ours: the code of a flaw and the object that it concerns. $1 the table's quoted
-- name, $2 its columns, $3 the columns of its key, $4 whether the key is unique.
WITH own AS (
    SELECT oid AS id, relkind, relpersistence FROM pg_class WHERE oid = to_regclass($1)
), tree AS ( -- the table, and its partitions
    SELECT id, relkind, relpersistence FROM own
    UNION
    SELECT part.oid, part.relkind, part.relpersistence
    FROM own CROSS JOIN pg_partition_tree(id) AS branch JOIN pg_class AS part ON part.oid = branch.relid
    WHERE own.relkind = 'p'
), field AS (
    SELECT pg_attribute.*, pg_get_expr(adbin, adrelid) AS preset, attname = ANY ($2::text[]) AS is_ours
    FROM own
    JOIN pg_attribute ON attrelid = own.id AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
), before AS ( -- triggers that can change or drop a row
    SELECT tgname FROM tree JOIN pg_trigger ON tgrelid = tree.id
    WHERE NOT tgisinternal AND tgparentid = 0 AND tgenabled <> 'D' AND tgtype & 3 = 3 AND tgtype & 28 <> 0
)
SELECT code, string_agg(DISTINCT subject, ', ' ORDER BY subject)
FROM (
    SELECT 'kind', CASE relkind
        WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'other relation'
    END
    FROM own WHERE relkind NOT IN ('r', 'p')
    UNION ALL
    SELECT 'child', inhrelid::regclass::text FROM own JOIN pg_inherits ON inhparent = own.id WHERE relkind = 'r'
    UNION ALL
    SELECT 'foreign_partition', tree.id::regclass::text FROM tree CROSS JOIN own
    WHERE tree.relkind = 'f' AND own.relkind = 'p'
    UNION ALL
    SELECT 'partition_key', coalesce(attname, 'an expression')
    FROM tree
    JOIN pg_partitioned_table ON partrelid = tree.id
    CROSS JOIN unnest(partattrs::int2[]) AS number
    LEFT JOIN pg_attribute ON attrelid = partrelid AND attnum = number AND number > 0
    WHERE $4::boolean AND (attname = ANY ($3::text[])) IS NOT TRUE
    UNION ALL
    SELECT 'collation', attname FROM field JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE is_ours AND attname = ANY ($3::text[]) AND NOT collisdeterministic
    UNION ALL
    SELECT 'row_security', current_user FROM own WHERE row_security_active(own.id)
    UNION ALL
    SELECT 'unlogged', tree.id::regclass::text FROM tree WHERE relpersistence <> 'p' AND relkind IN ('r', 'p')
    UNION ALL
    SELECT 'rule', rulename FROM tree JOIN pg_rewrite ON ev_class = tree.id
    WHERE ev_type <> '1' AND ev_enabled <> 'D' AND relkind IN ('r', 'p')
    UNION ALL
    SELECT 'generated', attname FROM field WHERE is_ours AND (attgenerated <> '' OR attidentity = 'a')
    UNION ALL
    SELECT 'not_null', attname FROM field
    WHERE NOT is_ours AND attnotnull AND preset IS NULL AND attidentity = '' AND NOT EXISTS (SELECT FROM before)
    UNION ALL
    SELECT 'trigger', tgname FROM before
    UNION ALL
    SELECT 'constraint', conname FROM own JOIN pg_constraint ON conrelid = own.id WHERE contype IN ('c', 'f', 'x')
    UNION ALL -- from another table; those that refer to users are the operator's own
    SELECT CASE WHEN confdeltype IN ('c', 'n', 'd') THEN 'cascade' ELSE 'referenced' END,
        format('%I of table %s', conname, conrelid::regclass)
    FROM tree JOIN pg_constraint ON confrelid = tree.id
    WHERE contype = 'f' AND conparentid = 0 AND 'date' = ANY ($2::text[])
    UNION ALL
    SELECT 'unique', indexrelid::regclass::text FROM own JOIN pg_index ON indrelid = own.id
    CROSS JOIN LATERAL (
        SELECT array_agg(attname::text) AS names
        FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY ((indkey::int2[])[0:indnkeyatts - 1])
    ) AS key
    WHERE indisunique AND names && $2::text[] AND NOT ($4::boolean AND $3::text[] <@ names)
    UNION ALL
    SELECT 'last_partition', to_char(max(until), 'YYYY-MM-DD HH24:MI:SS')
    FROM (
        SELECT pg_get_expr(part.relpartbound, part.oid) AS bound
        FROM own
        JOIN pg_partitioned_table AS parting ON partrelid = own.id AND partstrat = 'r' AND partdefid = 0
        JOIN field ON attnum = partattrs[0] AND attname = 'date'
        JOIN pg_inherits ON inhparent = own.id
        JOIN pg_class AS part ON part.oid = inhrelid
    ) AS part
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN bound LIKE '% TO (MAXVALUE%' THEN 'infinity'
            ELSE substring(bound FROM 'TO \(''([^'']+)''')::timestamp
        END
    ) AS bounds (until)
    HAVING max(until) < now() AT TIME ZONE 'UTC' + INTERVAL '1 day'
) AS flaw (code, subject)
GROUP BY code
