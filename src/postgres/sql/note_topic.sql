-- Writes down which topic a job reads, and tells the id of the one that it began with. $1 job, $2 topic, $3 its id.
INSERT INTO antenna.topic AS known (job, topic, id) VALUES ($1, $2, $3)
ON CONFLICT (job, topic) DO UPDATE SET id = known.id
RETURNING id
