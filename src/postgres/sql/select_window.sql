-- The window of the totals in seconds.
SELECT window_seconds FROM antenna.data_set
