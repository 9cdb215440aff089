-- The archive's identity, whether a root has got it, whether files are listed, and whether a job has begun to count.
SELECT archive_id, (archive_marked_at IS NOT NULL)::integer, EXISTS (SELECT FROM antenna.archive_file)::integer,
    EXISTS (SELECT FROM antenna.progress)::integer
FROM antenna.data_set
