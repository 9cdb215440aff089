-- A partition whose messages between its two offsets were accepted by other rules, and these. $1 job, $2 topic, $3 the rules,
-- $4 the partitions that are wanted.
SELECT partition, rules
FROM antenna.progress JOIN antenna.topic USING (job, topic)
WHERE job = $1 AND topic = $2 AND totals_offset <> archive_offset AND rules <> $3 AND archive IS NOT FALSE
    AND partition = ANY ($4::integer[])
ORDER BY partition
LIMIT 1
