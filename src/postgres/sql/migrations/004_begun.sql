-- The partitions that a job has begun to read. One of them without a row in antenna.progress was deleted there: to begin
-- it again would count it a second time.
ALTER TABLE antenna.topic ADD COLUMN begun INTEGER[] NOT NULL DEFAULT '{}';
UPDATE antenna.topic SET begun = ARRAY(
    SELECT partition FROM antenna.progress WHERE progress.job = topic.job AND progress.topic = topic.topic ORDER BY partition
);
