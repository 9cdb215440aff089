-- What is left of a job: whether it has progress, whether other tables know of it, and whether the totals or the archive
-- may have counted some of its messages. $1 job, $2 topic.
WITH known AS (
    SELECT EXISTS (SELECT FROM antenna.progress WHERE job = $1 AND topic = $2) AS has_progress,
        EXISTS (SELECT FROM antenna.archive_file WHERE job = $1 AND topic = $2) AS has_files,
        EXISTS (SELECT FROM antenna.topic WHERE job = $1 AND topic = $2 AND begun <> '{}')
            OR EXISTS (SELECT FROM antenna.rejected_count WHERE job = $1 AND topic = $2)
            OR EXISTS (SELECT FROM antenna.loss WHERE job = $1 AND topic = $2) AS has_begun
)
SELECT has_progress::integer, (has_files OR has_begun)::integer,
    (has_files OR has_begun AND EXISTS (SELECT FROM :"bytes"))::integer
FROM known
