-- The tables of the data set, as the options name them: bytes, bytes_hourly and user_quota_limit.
SELECT array_to_string(parse_ident(bytes), '.'), array_to_string(parse_ident(bytes_hourly), '.'),
    array_to_string(parse_ident(user_quota_limit), '.')
FROM antenna.data_set
