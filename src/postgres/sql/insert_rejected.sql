-- Keeps messages that are not valid events. $1 job, $2 topic; arrays: $3 partition, $4 offset, $5 reason, $6 detail,
-- $7 position, $8 first bytes of the payload, $9 its whole size. An offset comes again only in a topic that was cut short.
INSERT INTO antenna.rejected_message (job, topic, partition, "offset", reason, detail, position, payload, payload_size)
SELECT $1, $2, message.*
FROM unnest($3::integer[], $4::bigint[], $5::text[], $6::text[], $7::integer[], $8::bytea[], $9::bigint[]) AS message
ON CONFLICT (job, topic, partition, "offset") DO UPDATE
SET reason = excluded.reason, detail = excluded.detail, position = excluded.position, payload = excluded.payload,
    payload_size = excluded.payload_size, rejected_at = excluded.rejected_at
