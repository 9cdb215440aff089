-- Takes the notice that has been due longest, unless another process has it, and keeps others off it for $2 milliseconds; one
-- that says nothing to anybody is skipped. $1 whether it needs an e-mail address, $3 the longest pause between two attempts
-- in milliseconds: what is due later than that was put off by a clock that has since gone back. $4 the e-mail address of the
-- operator, who is told of silent antennas, or NULL.
-- A correction waits until what it corrects is settled. A notice says nothing when another came after it before it was first tried, or
-- when the user was told the same last; what was tried may have been told. A user who comes back within an hour was never
-- away, as in the history of quotas: the table may be emptied and loaded again.
WITH due AS (
    SELECT notice.hour, notice.id, notice.threshold, notice.revision, person.name,
        CASE kind WHEN 'quota' THEN person.email ELSE $4::text END AS email,
        CASE
            WHEN kind = 'silence' AND $4::text IS NULL THEN 'no operator is named'
            WHEN kind = 'quota' AND person.id IS NULL THEN 'the user was deleted'
            WHEN kind = 'quota' AND $1::boolean AND coalesce(person.email, '') = '' THEN 'the user has no e-mail address'
            WHEN attempts = 0 AND EXISTS (
                SELECT FROM antenna.notice AS later
                WHERE (later.hour, later.id, later.threshold) = (notice.hour, notice.id, notice.threshold)
                    AND later.revision > notice.revision
            ) THEN 'a later notice has taken its place'
            WHEN attempts = 0 AND antennas IS NULL AND (notice.revision % 2 = 0) = coalesce((
                SELECT told.revision % 2 = 0 FROM antenna.notice AS told
                WHERE (told.hour, told.id, told.threshold) = (notice.hour, notice.id, notice.threshold)
                    AND told.revision < notice.revision AND told.attempts > 0
                ORDER BY told.revision DESC LIMIT 1
            ), false) THEN 'the user was not told what it would correct'
        END AS skipped
    FROM antenna.notice AS notice
    LEFT JOIN :"user_metadata" AS person ON person.id COLLATE "C" = notice.id AND kind = 'quota'
    WHERE state = 'waiting'
        AND (next_attempt_at <= now() OR next_attempt_at > now() + INTERVAL '1 millisecond' * $3::bigint)
        AND NOT EXISTS (
            SELECT FROM antenna.notice AS earlier
            WHERE (earlier.hour, earlier.id, earlier.threshold) = (notice.hour, notice.id, notice.threshold)
                AND earlier.revision < notice.revision AND earlier.state = 'waiting'
            OFFSET 0 -- keeps a look into the index for each; a join without statistics compares all that wait with all
        )
        AND NOT (kind = 'quota' AND person.id IS NULL AND EXISTS (
            SELECT FROM antenna.user_quota AS known
            WHERE known.id = notice.id AND valid_until > now() AT TIME ZONE 'UTC' - INTERVAL '1 hour'
        ))
    ORDER BY next_attempt_at, notice.hour, notice.id, threshold, revision
    LIMIT 1
    FOR UPDATE OF notice SKIP LOCKED
)
UPDATE antenna.notice AS notice
SET state = CASE WHEN skipped IS NULL THEN 'waiting' ELSE 'skipped' END,
    reason = skipped,
    settled_at = CASE WHEN skipped IS NOT NULL THEN now() END,
    attempts = attempts + (skipped IS NULL)::integer,
    next_attempt_at = now() + INTERVAL '1 millisecond' * $2::bigint
FROM due
WHERE (notice.hour, notice.id, notice.threshold, notice.revision) = (due.hour, due.id, due.threshold, due.revision)
RETURNING extract(EPOCH FROM notice.hour)::bigint, notice.id, notice.threshold, notice.revision, final::integer, usage, quota,
    attempts, coalesce(antennas, 1), name, email, skipped,
    encode(sha256(convert_to(concat_ws(' ', (SELECT archive_id FROM antenna.data_set),
        extract(EPOCH FROM notice.hour)::bigint, notice.threshold, notice.revision, notice.id), 'UTF8')), 'hex')
