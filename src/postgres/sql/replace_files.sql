-- Lists a file that holds the rows of others, and notes at those that it replaces them. $1 its path, $2 its size, $3 array
-- of the others' paths, all of one hour, job and topic. Returns how many of them were listed and not replaced before. The
-- hour's rows and bytes are what they were, so that it stays as clean or dirty as it is. All of the others, or none, are in the
-- hourly totals of an hour whose earlier files were removed.
WITH old AS (
    UPDATE antenna.archive_file
    SET replaced_by = $1
    WHERE path = ANY ($3::text[]) AND replaced_by IS NULL
    RETURNING hour, rows, bytes_total, min_timestamp, max_timestamp, job, topic, offsets, added_at
), range (partition, first, last) AS (
    SELECT partition, min((range ->> 0)::bigint), max((range ->> 1)::bigint)
    FROM old CROSS JOIN jsonb_each(old.offsets) AS own (partition, range)
    GROUP BY partition
), listed AS (
    INSERT INTO antenna.archive_file
        (path, hour, rows, bytes_total, min_timestamp, max_timestamp, size, job, topic, offsets, added_at)
    SELECT $1, hour, sum(rows), sum(bytes_total), min(min_timestamp), max(max_timestamp), $2::bigint, job, topic,
        (SELECT coalesce(jsonb_object_agg(partition, jsonb_build_array(first, last)), '{}') FROM range),
        min(added_at)
    FROM old
    GROUP BY hour, job, topic
    RETURNING hour
), counted AS (
    UPDATE antenna.hour AS hour
    SET files = files + 1 - (SELECT count(*) FROM old)
    FROM listed
    WHERE hour.hour = listed.hour
)
SELECT count(*) FROM old
