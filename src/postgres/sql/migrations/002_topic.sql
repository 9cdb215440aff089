-- The topic that a job began with: one that was made anew has the same name and another id. Some databases of version 1
-- have the table already.
CREATE TABLE IF NOT EXISTS antenna.topic (
    job   TEXT COLLATE "C" NOT NULL,
    topic TEXT COLLATE "C" NOT NULL,
    id    TEXT             NOT NULL, -- as Kafka gives it, in base 64
    PRIMARY KEY (job, topic)
);
