-- The bytes of each hour in the 5-minute totals. Each commit counts what it adds, so that no hour, and hence no window and
-- no hourly total, exceeds BIGINT: the sum of both columns would be out of range in the check.
CREATE TABLE antenna.hour_bytes (
    hour    TIMESTAMP PRIMARY KEY, -- UTC
    earlier BIGINT NOT NULL,       -- of the hour in the totals before this row was inserted
    added   BIGINT NOT NULL,       -- by commits since then
    CHECK (earlier + added >= 0)
);
