-- The window totals. Rows are updated again and again while their window is open: half-filled pages keep the new
-- versions beside the old ones (HOT), without a change to the index.
CREATE TABLE :"table" (
    date  TIMESTAMP NOT NULL,        -- the window's begin, UTC
    id    TEXT COLLATE "C" NOT NULL, -- of the antenna or the user, or the app's name
    value BIGINT NOT NULL,           -- bytes
    type  TEXT COLLATE "C" NOT NULL, -- antenna_bytes_total, user_bytes_total or app_bytes_total
    PRIMARY KEY (date, type, id)
) WITH (fillfactor = 50)
