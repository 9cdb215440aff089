-- Fences every worker, so that it claims its partitions again before it counts more. No worker gets these epochs, whose
-- random part is the old one. Rows are locked in the order in which commits lock them.
WITH held AS (
    SELECT job, topic, partition FROM antenna.progress ORDER BY job, topic, partition FOR UPDATE
)
UPDATE antenna.progress AS progress
SET epoch = epoch + 1000000000
FROM held
WHERE (progress.job, progress.topic, progress.partition) = (held.job, held.topic, held.partition)
