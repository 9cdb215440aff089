-- How many of some hours have more than half of the bytes that fit BIGINT. $1 their first seconds.
SELECT count(*)
FROM antenna.hour_bytes
WHERE hour = ANY ($1::timestamp[]) AND earlier + added::numeric > 4611686018427387903
