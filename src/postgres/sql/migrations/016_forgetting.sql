-- The users whom `antenna forget` is erasing: with which pseudonym, so that a run that was interrupted goes on with the same, and
-- what else names them. The row goes when nothing is left to erase.
CREATE TABLE antenna.forgetting (
    id        TEXT COLLATE "C" PRIMARY KEY,
    pseudonym TEXT        NOT NULL,
    names     TEXT[]      NOT NULL,
    emails    TEXT[]      NOT NULL,
    begun_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);
