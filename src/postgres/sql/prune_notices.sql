-- Removes the notices of hours that ended more than $1 seconds ago, or only counts them if $2. A notice that waits stays, and
-- so do those of the same user and threshold before it: by them it is told whether it says anything new. So does the last
-- notice about an antenna that is silent still, which would be written again. Thresholds count from the first hour on that
-- keeps its notices: a later run of an older hour writes none again. Returns how many.
WITH kept AS (
    SELECT date_trunc('hour', now() AT TIME ZONE 'UTC' - $1::bigint * INTERVAL '1 second') AS first_hour
), old AS (
    SELECT notice.hour, notice.id, notice.threshold, notice.revision
    FROM antenna.notice AS notice, kept
    WHERE notice.hour < first_hour
        AND NOT EXISTS (
            SELECT FROM antenna.notice AS other
            WHERE (other.hour, other.id, other.threshold) = (notice.hour, notice.id, notice.threshold)
                AND other.state = 'waiting'
        )
        AND (kind <> 'silence' OR antennas > 1 OR EXISTS (
            SELECT FROM antenna.notice AS later
            WHERE later.id = notice.id AND later.threshold = 0
                AND (later.hour > notice.hour OR later.hour = notice.hour AND later.revision = 1)
        ))
), removed AS (
    DELETE FROM antenna.notice AS notice
    USING old
    WHERE NOT $2::boolean AND state <> 'waiting'
        AND (notice.hour, notice.id, notice.threshold, notice.revision) = (old.hour, old.id, old.threshold, old.revision)
), moved AS (
    UPDATE antenna.notice_threshold SET since = first_hour FROM kept WHERE NOT $2::boolean AND since < first_hour
)
SELECT count(*) FROM old
