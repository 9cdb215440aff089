-- Writes notices of antennas to the operator, if $1: each that is silent, and each that is not any more, by turns. Of more than $2
-- at once, one notice is sent, which names so many; their own are settled with it. Returns how many are silent, and why they
-- cannot be judged (NULL: they can).
WITH seen AS MATERIALIZED (
    SELECT antenna, seen_until, bytes, silent FROM antenna.antenna_seen
), told AS (
    SELECT DISTINCT ON (id) id, hour, revision
    FROM antenna.notice
    WHERE threshold = 0 AND antennas IS NULL
    ORDER BY id, hour DESC, revision DESC
), due AS (
    SELECT CASE WHEN silent THEN seen_until ELSE told.hour END AS hour, antenna, (NOT silent)::integer AS revision,
        least(bytes, 9223372036854775807) AS usage
    FROM seen
    LEFT JOIN told ON id = antenna
    WHERE $1::boolean AND CASE
        WHEN silent THEN coalesce(revision, 1) = 1
        ELSE revision = 0 AND seen_until > told.hour
    END
), crowd AS (
    SELECT revision, count(*) AS antennas, least(sum(usage), 9223372036854775807) AS usage,
        array_to_string((array_agg(left(antenna, 256) ORDER BY antenna))[1:$2::bigint], ', ') AS first -- a key of bounded size
    FROM due
    GROUP BY revision
    HAVING count(*) > $2::bigint
), written AS (
    INSERT INTO antenna.notice (hour, id, threshold, revision, final, usage, antennas, state, attempts, reason, settled_at)
    SELECT hour, antenna, 0, due.revision, true, due.usage, NULL, CASE WHEN antennas IS NULL THEN 'waiting' ELSE 'skipped' END,
        (antennas IS NOT NULL)::integer, 'one notice has all ' || antennas, CASE WHEN antennas IS NOT NULL THEN now() END
    FROM due
    LEFT JOIN crowd USING (revision)
    UNION ALL
    SELECT date_trunc('second', now() AT TIME ZONE 'UTC'), first || ' and ' || antennas - $2::bigint || ' more', 0, revision, true,
        usage, antennas, 'waiting', 0, NULL, NULL
    FROM crowd
    ON CONFLICT (hour, id, threshold, revision) DO NOTHING
)
SELECT (SELECT count(*) FROM seen WHERE silent), reason FROM antenna.silence
