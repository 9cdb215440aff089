-- Makes these the thresholds, in percent, from the running hour on; those that are known keep their first hour. $1 an array.
WITH gone AS (
    DELETE FROM antenna.notice_threshold WHERE threshold <> ALL ($1::integer[])
)
INSERT INTO antenna.notice_threshold (threshold, since)
SELECT threshold, date_trunc('hour', now() AT TIME ZONE 'UTC') FROM unnest($1::integer[]) AS threshold
ON CONFLICT (threshold) DO NOTHING
