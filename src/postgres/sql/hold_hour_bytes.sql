-- The version of an hour's row in antenna.hour_bytes, which stays as it is until the transaction ends. $1 the hour.
SELECT xmin::text FROM antenna.hour_bytes WHERE hour = $1 FOR UPDATE
