-- Gives each table of ours without a key, and each partition, all its columns as replica identity: a publication would refuse
-- changes without one. What an operator has chosen stays. The names of the users' tables are in antenna.tables.
DO $$
DECLARE
    part REGCLASS;
BEGIN
    FOR part IN
        SELECT leaf.oid
        FROM pg_class AS leaf
        WHERE relkind IN ('r', 'p') AND relreplident = 'd'
            AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = leaf.oid AND indisprimary AND indimmediate)
            AND (relnamespace = 'antenna'::regnamespace OR leaf.oid IN (
                SELECT to_regclass(name) FROM unnest(current_setting('antenna.tables')::text[]) AS name
                UNION ALL
                SELECT relid
                FROM unnest(current_setting('antenna.tables')::text[]) AS name, pg_partition_tree(to_regclass(name))
            ))
    LOOP
        EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', part);
    END LOOP;
END
$$
