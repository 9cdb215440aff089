-- Writes down which topic a job reads, and tells the id of the one that it began with and, only the first time (a row that
-- is inserted has no xmax), another job that reads the same. $1 job, $2 topic, $3 its id.
INSERT INTO antenna.topic AS known (job, topic, id) VALUES ($1, $2, $3)
ON CONFLICT (job, topic) DO UPDATE SET id = known.id
RETURNING id, CASE WHEN known.xmax = 0 THEN
    (SELECT min(other.job) FROM antenna.topic AS other WHERE other.topic = $2 AND other.id = $3 AND other.job <> $1) END
