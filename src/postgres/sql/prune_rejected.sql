-- Removes rejected messages that are older. Those that no sum had room for stay until the archive has passed them: nothing else
-- shows that they are not for it. What was rejected stays counted. $1 seconds that are kept.
DELETE FROM antenna.rejected_message AS kept
WHERE rejected_at <= now() - $1::bigint * INTERVAL '1 second'
    AND (reason <> 'sum_out_of_range' OR NOT EXISTS (
        SELECT FROM antenna.progress
        WHERE progress.job = kept.job AND progress.topic = kept.topic AND progress.partition = kept.partition
            AND progress.archive_offset <= kept."offset"
    ))
