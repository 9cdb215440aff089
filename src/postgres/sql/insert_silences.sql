-- Writes notices of antennas to the operator, if $1: each that is silent, and each that is not any more, by turns.
-- Returns how many are silent, and why they cannot be judged (NULL: they can).
WITH seen AS MATERIALIZED (
    SELECT antenna, seen_until, bytes, silent FROM antenna.antenna_seen
), told AS (
    SELECT DISTINCT ON (id) id, hour, revision
    FROM antenna.notice
    WHERE threshold = 0
    ORDER BY id, hour DESC, revision DESC
), written AS (
    INSERT INTO antenna.notice (hour, id, threshold, revision, final, usage)
    SELECT CASE WHEN silent THEN seen_until ELSE told.hour END, antenna, 0, (NOT silent)::integer, true,
        least(bytes, 9223372036854775807)
    FROM seen
    LEFT JOIN told ON id = antenna
    WHERE $1::boolean AND CASE
        WHEN silent THEN coalesce(revision, 1) = 1
        ELSE revision = 0 AND seen_until > told.hour
    END
    ON CONFLICT (hour, id, threshold, revision) DO NOTHING
)
SELECT (SELECT count(*) FROM seen WHERE silent), reason FROM antenna.silence
