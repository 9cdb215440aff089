-- What the totals of an hour change of what its users were told: who has passed a threshold and was not told, who was told and
-- has not, and who was told that and has. A threshold that is no longer in force counts for those who were told.
-- $1 the hour; $2 whether users are judged by the quotas that they have now; $3 whether the hour is sealed, as totals that may
-- grow correct nobody.
WITH judged AS (
    SELECT hourly.id COLLATE "C" AS id, hourly.value AS usage, person.quota
    FROM :"bytes_hourly" AS hourly
    JOIN antenna.user_quota AS person
        ON person.id = hourly.id AND valid_from <= date AND (valid_until <= date) IS NOT TRUE
    WHERE date = $1::timestamp AND type = 'user_bytes_total' AND NOT $2::boolean
    UNION ALL
    SELECT hourly.id COLLATE "C", hourly.value, person.quota
    FROM :"bytes_hourly" AS hourly
    JOIN :"user_metadata" AS person ON person.id = hourly.id
    WHERE date = $1::timestamp AND type = 'user_bytes_total' AND $2::boolean
), told AS (
    SELECT id, threshold, max(revision) AS revision
    FROM antenna.notice
    WHERE hour = $1::timestamp AND kind = 'quota'
    GROUP BY id, threshold
), possible AS (
    SELECT id, threshold FROM told
    UNION
    SELECT id, threshold
    FROM judged
    JOIN antenna.notice_threshold ON since <= $1::timestamp AND antenna.passes(usage, quota, threshold)
)
INSERT INTO antenna.notice (hour, id, threshold, revision, final, usage, quota)
SELECT $1::timestamp, id, threshold, coalesce(revision, -1) + 1, $3::boolean, coalesce(usage, 0), quota
FROM possible
LEFT JOIN told USING (id, threshold)
LEFT JOIN judged USING (id)
WHERE coalesce(antenna.passes(usage, quota, threshold), false) <> coalesce(revision % 2 = 0, false)
    AND ($3::boolean OR antenna.passes(usage, quota, threshold))
