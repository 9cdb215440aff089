-- Erases what rejected messages said; that they were rejected, where and why, stays. Arrays: $1 job, $2 topic, $3 partition, $4
-- offset.
UPDATE antenna.rejected_message AS kept
SET payload = '', detail = 'erased by antenna forget'
FROM unnest($1::text[], $2::text[], $3::integer[], $4::bigint[]) AS named (job, topic, partition, "offset")
WHERE kept.job = named.job AND kept.topic = named.topic AND kept.partition = named.partition AND kept."offset" = named."offset"
