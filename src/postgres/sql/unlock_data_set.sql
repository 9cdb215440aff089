-- Ends what lock_data_set began.
SELECT pg_advisory_unlock(hashtextextended('antenna data set', 0))
