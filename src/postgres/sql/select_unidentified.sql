-- Tables of ours, and partitions, of which a publication refuses changes for want of a replica identity: NULL if there is
-- none. $1 the quoted names of the users' tables.
SELECT string_agg(DISTINCT format('%s (publication %s)', leaf.oid::regclass, pubname), ', ')
FROM pg_class AS leaf
CROSS JOIN LATERAL (SELECT leaf.oid AS id UNION SELECT relid FROM pg_partition_ancestors(leaf.oid) AS relid) AS relative
JOIN pg_class AS named ON named.oid = relative.id
JOIN pg_publication_tables ON schemaname = (SELECT nspname FROM pg_namespace WHERE oid = named.relnamespace) AND tablename = named.relname
JOIN pg_publication USING (pubname)
WHERE leaf.relkind = 'r' AND (pubupdate OR pubdelete)
    AND (leaf.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname = 'antenna') OR leaf.oid IN (
        SELECT to_regclass(name) FROM unnest($1::text[]) AS name
        UNION ALL
        SELECT relid FROM unnest($1::text[]) AS name, pg_partition_tree(to_regclass(name))
    ))
    AND leaf.relreplident <> 'f'
    AND NOT EXISTS (
        SELECT FROM pg_index
        WHERE indrelid = leaf.oid AND (leaf.relreplident = 'd' AND indisprimary AND indimmediate
            OR leaf.relreplident = 'i' AND indisreplident)
    )
