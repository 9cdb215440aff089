-- The outbox: how many notices wait, how many were given up, whether anybody gets notices at all, and the last that was
-- given up: hour in seconds since the epoch, user, threshold and reason (NULL: none).
SELECT (SELECT count(*) FROM antenna.notice WHERE state = 'waiting'),
    (SELECT count(*) FROM antenna.notice WHERE state = 'dead'),
    (EXISTS (SELECT FROM antenna.notice_threshold))::integer,
    extract(EPOCH FROM last.hour)::bigint, last.id, last.threshold, last.reason
FROM (VALUES (1)) AS always (row)
LEFT JOIN (
    SELECT hour, id, threshold, reason FROM antenna.notice WHERE state = 'dead' ORDER BY settled_at DESC LIMIT 1
) AS last ON true
