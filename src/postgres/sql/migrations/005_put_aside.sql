-- Rows that an adoption found in a table and that none of ours may hold.
CREATE TABLE antenna.put_aside (
    number       BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name   TEXT        NOT NULL,
    reason       TEXT        NOT NULL, -- a code, such as null_id
    content      JSONB       NOT NULL, -- all columns of the row
    put_aside_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
