-- Stores the window of the totals. $1 seconds. It waits for claims that are under way (claim_progress.sql).
UPDATE antenna.data_set SET window_seconds = $1
