-- Removes the window totals of an hour, and notes what they had: late events that are on their way to the archive are in
-- them, too. $1 the hour, $2 the labels of the totals that count events and have all of them. Returns how many totals there
-- were.
WITH removed AS (
    DELETE FROM :"bytes" WHERE date >= $1 AND date < $1 + INTERVAL '1 hour' RETURNING type, value
), sums AS (
    SELECT type, sum(value) AS value, count(*) AS totals FROM removed GROUP BY type
), noted AS (
    UPDATE antenna.hour
    SET totals_pruned_at = clock_timestamp(),
        pruned_events = CASE
            WHEN cardinality($2::text[]) > 0
                THEN pruned_events + coalesce((SELECT max(value)::bigint FROM sums WHERE type = ANY ($2::text[])), 0)
            ELSE rows + coalesce(rebuilt_unlisted_rows, 0)
        END,
        pruned_total_bytes = pruned_total_bytes
            + coalesce((SELECT value FROM sums WHERE type = 'user_bytes_total'), 0)
    WHERE hour = $1
)
SELECT coalesce(sum(totals), 0) FROM sums
