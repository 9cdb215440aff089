-- The epochs of a job's partitions, by which the Spark engine distinguishes another claim, which has a larger one, from a restore:
-- partition, epoch. $1 job, $2 topic.
SELECT partition, epoch FROM antenna.progress WHERE job = $1 AND topic = $2
