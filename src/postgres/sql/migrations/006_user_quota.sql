-- Which quota and e-mail each user had, and when. Triggers of the users' table write it, so that the table is edited as ever.
CREATE TABLE antenna.user_quota (
    id          TEXT COLLATE "C" NOT NULL,               -- of the user
    valid_from  TIMESTAMP        NOT NULL,               -- UTC; -infinity for the first that is known of the user
    valid_until TIMESTAMP,                               -- UTC; NULL for what is in force now
    quota       BIGINT,
    email       TEXT,
    noted_at    TIMESTAMPTZ      NOT NULL DEFAULT now(), -- of the change; -infinity for what provision found
    PRIMARY KEY (id, valid_from),
    CHECK (valid_from < valid_until)
);
CREATE UNIQUE INDEX user_quota_in_force ON antenna.user_quota (id) WHERE valid_until IS NULL;
