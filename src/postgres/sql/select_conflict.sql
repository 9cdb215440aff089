-- Why a job must not count, if at all: a code and the name of the job, table or partition that is in its way.
-- docs/data-set.md has the rules. $1 job, $2 topic, $3 the topic's id or '', $4 the quoted name of its
-- table, $5 whether it archives, $6 where it would begin in the partitions 0, 1, …; NULL when it has begun.
WITH RECURSIVE mine AS (
    SELECT relation.oid, quote_ident(nspname) || '.' || quote_ident(relname) AS name
    FROM pg_class AS relation JOIN pg_namespace AS place ON place.oid = relnamespace
    WHERE relation.oid = to_regclass($4)
), reader AS (
    SELECT job, topic, bool_or(archived_until IS DISTINCT FROM 'infinity') AS is_live,
        sum(records_totalled) > 0 AS has_counted
    FROM antenna.progress
    GROUP BY job, topic
), known AS (
    SELECT reader.*, coalesce(table_name, data_set.bytes) AS table_name, coalesce(archive, true) AS archives,
        reader.job = $1 AND reader.topic = $2 AS is_mine,
        reader.topic = $2 AND ($3 = '' OR coalesce(id, '') IN ($3, '', 'AAAAAAAAAAAAAAAAAAAAAA')) AS same_topic
    FROM reader
    CROSS JOIN antenna.data_set AS data_set
    LEFT JOIN antenna.topic AS topic USING (job, topic)
), part (oid, whole) AS (
    SELECT inhrelid, inhparent FROM pg_inherits
    UNION
    SELECT part.oid, inhparent FROM part JOIN pg_inherits ON inhrelid = whole
), counted (name) AS (
    SELECT unnest(ARRAY[bytes, bytes_hourly]) FROM antenna.data_set
    UNION
    SELECT table_name FROM known WHERE NOT is_mine AND is_live
), listed AS (
    -- The newest files hold the last messages. Offsets of a topic that was shortened come again.
    SELECT own.partition::integer AS partition, max((range ->> 1)::bigint) AS last
    FROM (
        SELECT offsets FROM antenna.archive_file WHERE job = $1 AND topic = $2 ORDER BY created_at DESC LIMIT 1000
    ) AS newest CROSS JOIN jsonb_each(offsets) AS own (partition, range)
    WHERE NOT EXISTS (
        SELECT FROM antenna.loss
        WHERE loss.job = $1 AND loss.topic = $2 AND loss.partition = own.partition::integer AND next_offset < first_offset
    )
    GROUP BY own.partition
), conflict (number, code, name) AS (
    SELECT 1, 'retired', known.job FROM known WHERE is_mine AND NOT is_live
    UNION ALL
    SELECT 2, 'table', mine.name
    FROM mine JOIN antenna.data_set AS data_set ON mine.name IN (bytes_hourly, user_metadata, user_quota_limit)
    UNION ALL
    SELECT 3, 'moved', table_name
    FROM known CROSS JOIN mine
    WHERE is_mine AND has_counted AND table_name <> mine.name
        AND EXISTS (
            SELECT FROM pg_class AS relation JOIN pg_namespace AS place ON place.oid = relnamespace
            WHERE quote_ident(nspname) || '.' || quote_ident(relname) = table_name
        )
    UNION ALL
    SELECT 4, 'reader', job FROM known JOIN mine ON table_name = mine.name WHERE same_topic AND NOT is_mine AND is_live
    UNION ALL
    SELECT 5, 'read', job
    FROM known JOIN mine ON table_name = mine.name
    WHERE same_topic AND NOT is_mine AND NOT is_live
        AND NOT EXISTS (SELECT FROM known WHERE is_mine)
        AND EXISTS (
            SELECT FROM antenna.progress AS past
            JOIN unnest($6::bigint[]) WITH ORDINALITY AS start ("offset", number)
                ON past.partition = start.number - 1 AND start."offset" < greatest(past.totals_offset, past.archive_offset)
            WHERE past.job = known.job AND past.topic = known.topic
        )
    UNION ALL
    SELECT 6, 'archived', coalesce((SELECT min(job) FROM known WHERE archives AND is_live AND NOT is_mine), $1)
    FROM mine JOIN antenna.data_set AS data_set ON mine.name = data_set.bytes
    WHERE NOT $5::boolean
        AND (EXISTS (SELECT FROM known WHERE archives AND is_live AND NOT is_mine)
            OR EXISTS (SELECT FROM antenna.archive_file))
    UNION ALL
    SELECT 7, 'totals', job
    FROM known JOIN antenna.data_set AS data_set ON known.table_name = data_set.bytes
    WHERE $5::boolean AND NOT archives AND has_counted
    UNION ALL
    SELECT 8, 'part', counted.name
    FROM mine CROSS JOIN counted JOIN part
        ON (part.oid, whole) IN ((mine.oid, to_regclass(counted.name)), (to_regclass(counted.name), mine.oid))
    UNION ALL
    SELECT 9, 'behind', partition::text
    FROM antenna.progress AS reached JOIN listed USING (partition)
    WHERE $5::boolean AND reached.job = $1 AND reached.topic = $2 AND archive_offset <= last
)
SELECT code, name FROM conflict ORDER BY number, name LIMIT 1
