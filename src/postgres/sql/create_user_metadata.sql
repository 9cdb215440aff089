-- The users.
CREATE TABLE :"table" (
    id    TEXT COLLATE "C" PRIMARY KEY,
    name  TEXT,
    email TEXT,
    quota BIGINT -- bytes an hour
)
