-- The messages that were rejected because no sum had room for them: they are not for the archive either. $1 job, $2 topic;
-- arrays: $3 partition, $4 first offset, $5 offset behind the last.
SELECT kept.partition, kept."offset"
FROM unnest($3::integer[], $4::bigint[], $5::bigint[]) AS unread (partition, first, next)
JOIN antenna.rejected_message AS kept
    ON kept.job = $1 AND kept.topic = $2 AND kept.partition = unread.partition
        AND kept."offset" >= unread.first AND kept."offset" < unread.next
WHERE kept.reason = 'sum_out_of_range'
