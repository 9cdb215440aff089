-- The data set's table of each kind, in the order of $1 to $4: its name, the full name of the given one, whether the
-- data set's own is gone or has never held a row, so that it may be replaced, and whether the views of the schema antenna do
-- not read it: they go on reading a table that was renamed, whatever has its name now. $1 to $4 the quoted names of bytes,
-- bytes_hourly, user_metadata and user_quota_limit.
WITH kind (number, known, given) AS (
    SELECT 1, bytes, $1 FROM antenna.data_set
    UNION ALL SELECT 2, bytes_hourly, $2 FROM antenna.data_set
    UNION ALL SELECT 3, user_metadata, $3 FROM antenna.data_set
    UNION ALL SELECT 4, user_quota_limit, $4 FROM antenna.data_set
), named AS (
    SELECT relation.oid, quote_ident(nspname) || '.' || quote_ident(relname) AS name
    FROM pg_class AS relation JOIN pg_namespace AS place ON place.oid = relnamespace
)
SELECT kind.known, coalesce(given.name, ''),
    (coalesce((SELECT pg_relation_size(own.oid)
        + (SELECT coalesce(sum(pg_relation_size(relid)), 0) FROM pg_partition_tree(own.oid))), 0) = 0)::integer,
    (own.oid IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_depend AS used
        JOIN pg_rewrite AS rule ON used.classid = 'pg_rewrite'::regclass AND rule.oid = used.objid
        JOIN pg_class AS reader ON reader.oid = rule.ev_class
        WHERE used.refclassid = 'pg_class'::regclass AND used.refobjid = own.oid
            AND reader.relnamespace = 'antenna'::regnamespace
    ))::integer
FROM kind
LEFT JOIN named AS given ON given.oid = to_regclass(kind.given)
LEFT JOIN named AS own ON own.name = kind.known
ORDER BY kind.number
