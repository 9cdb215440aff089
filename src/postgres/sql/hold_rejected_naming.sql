-- Holds the rejected messages that may name a user, for fetch_rejected_naming until the transaction ends: their key, payload and
-- detail, and whether the payload is cut. $1 array of what names the user, $2 the same as a detail has it. What JSON has escaped
-- has a backslash.
DECLARE rejected_naming NO SCROLL CURSOR FOR
SELECT job, topic, partition, "offset", payload, detail, (payload_size > octet_length(payload))::integer
FROM antenna.rejected_message
WHERE position('\x5c'::bytea IN payload) > 0 OR payload_size > octet_length(payload)
    OR EXISTS (SELECT FROM unnest($1::text[]) AS name WHERE position(convert_to(name, 'UTF8') IN payload) > 0)
    OR EXISTS (SELECT FROM unnest($2::text[]) AS name WHERE position(name IN detail) > 0)
