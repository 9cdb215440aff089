-- Adds to the counts of rejected messages. $1 job, $2 topic; arrays, sorted by minute and reason, so that two workers lock
-- rows in the same order: $3 minute, $4 reason, $5 messages.
INSERT INTO antenna.rejected_count AS total (job, topic, minute, reason, messages)
SELECT $1, $2, added.*
FROM unnest($3::timestamp[], $4::text[], $5::bigint[]) AS added
ON CONFLICT (job, topic, minute, reason) DO UPDATE SET messages = total.messages + excluded.messages
