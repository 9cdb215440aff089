-- Replaces the names of the data set's tables. $1 to $4 the names of bytes, bytes_hourly, user_metadata and
-- user_quota_limit with their schemas.
UPDATE antenna.data_set SET bytes = $1, bytes_hourly = $2, user_metadata = $3, user_quota_limit = $4
