-- Lets one process at a time decide what it is to the data set, until unlock_data_set or the session's end.
SELECT pg_advisory_lock(hashtextextended('antenna data set', 0))
