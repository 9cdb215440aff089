-- Stores which topic a job reads, into which table it counts and whether it archives. Returns the id of the topic that the
-- job started with. An empty id means that the broker has no topic ids (Kafka below 2.8); older programs stored the zero id
-- then. Either is replaced as soon as the broker gives an id. $1 job, $2 topic, $3 its id or '', $4 the table's quoted name,
-- $5 whether the job archives.
INSERT INTO antenna.topic AS known (job, topic, id, begun, table_name, archive)
SELECT $1, $2, $3, ARRAY(SELECT partition FROM antenna.progress WHERE job = $1 AND topic = $2),
    (SELECT quote_ident(nspname) || '.' || quote_ident(relname)
    FROM pg_class AS relation JOIN pg_namespace AS place ON place.oid = relnamespace
    WHERE relation.oid = to_regclass($4)), $5::boolean
ON CONFLICT (job, topic) DO UPDATE
    SET id = CASE WHEN known.id IN ('', 'AAAAAAAAAAAAAAAAAAAAAA') THEN excluded.id ELSE known.id END,
        table_name = excluded.table_name, archive = excluded.archive
RETURNING id
