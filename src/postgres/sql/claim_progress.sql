-- Takes partitions for this worker: raises their epochs, which fences the owners before, and returns their offsets. A
-- partition that is new to the job begins at its first message. One that had begun and has no row any more is left out,
-- unless $6 says that it begins again. $1 job, $2 topic, $3 owner, $4 partitions in ascending order, $5 the offsets of
-- their first messages, $7 the window in which the worker counts, $8 the metrics that it counts beside the standard ones: if
-- others are stored, nothing is claimed. $9 the rules by which it accepts messages: a partition of which one side has taken
-- messages by other rules, and the other has not, is left out, too. An epoch is
-- the number of the claim, times 10^9, and a random number below that: after a restore or a deletion the same number comes
-- again, and the same epoch does not.
WITH data_set AS ( -- locked, so that provision changes nothing of it before the claim is committed
    SELECT number FROM antenna.data_set
    WHERE window_seconds = $7 AND metrics @> $8::text[] AND metrics <@ $8::text[]
    FOR SHARE
), wanted AS (
    SELECT start.partition, start."offset", NOT start.partition = ANY (topic.begun) AS is_new
    FROM unnest($4::integer[], $5::bigint[]) AS start (partition, "offset")
    JOIN antenna.topic AS topic ON topic.job = $1 AND topic.topic = $2
    WHERE EXISTS (SELECT FROM data_set) AND (
        $6::boolean OR NOT start.partition = ANY (topic.begun)
        OR EXISTS (SELECT FROM antenna.progress WHERE job = $1 AND topic = $2 AND partition = start.partition)
    )
), noted AS (
    UPDATE antenna.topic
    SET begun = begun || ARRAY(SELECT partition FROM wanted WHERE is_new ORDER BY partition)
    WHERE job = $1 AND topic = $2 AND EXISTS (SELECT FROM wanted WHERE is_new)
)
INSERT INTO antenna.progress AS progress (job, topic, partition, totals_offset, archive_offset, epoch, owner, rules)
SELECT $1, $2, partition, "offset", "offset", 1000000000 + floor(random() * 1000000000)::bigint, $3, $9
FROM wanted
ORDER BY partition
ON CONFLICT (job, topic, partition) DO UPDATE
SET epoch = progress.epoch + 1000000000 - progress.epoch % 1000000000 + excluded.epoch % 1000000000,
    owner = excluded.owner, rules = excluded.rules, updated_at = now()
WHERE progress.totals_offset = progress.archive_offset OR progress.rules = $9 OR progress.rules IS NULL
    OR EXISTS (SELECT FROM antenna.topic WHERE job = $1 AND topic = $2 AND NOT archive)
RETURNING partition, totals_offset, archive_offset, epoch
