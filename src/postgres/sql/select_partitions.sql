-- Each partition of each job, or of job $1 and topic $2 where these are not NULL: job, topic, partition, totals and archive offset, lag in messages and seconds, number of the
-- claim (claim_progress), owner, seconds since the last commit, event time up to which it is archived in seconds since the
-- epoch (NULL: nothing or for ever), messages read and how many of them were rejected.
SELECT job, topic, partition, progress.totals_offset, progress.archive_offset, coalesce(lag_messages, 0),
    coalesce(lag_seconds, 0)::bigint, progress.epoch / 1000000000, progress.owner,
    extract(EPOCH FROM now() - last_commit)::bigint,
    CASE WHEN isfinite(progress.archived_until) THEN extract(EPOCH FROM progress.archived_until)::bigint END,
    progress.records_totalled + progress.records_rejected, progress.records_rejected
FROM antenna.freshness
JOIN antenna.progress AS progress USING (job, topic, partition)
WHERE ($1::text IS NULL OR job = $1) AND ($2::text IS NULL OR topic = $2)
ORDER BY job, topic, partition
