-- The users over their hourly quota.
CREATE TABLE :"table" (
    email TEXT,
    usage BIGINT, -- bytes
    quota BIGINT, -- bytes
    date  TIMESTAMP -- the hour's begin, UTC
);
CREATE INDEX ON :"table" (date)
