-- Stores the tables of the data set; later calls change nothing. $1 to $4: the quoted names of bytes, bytes_hourly,
-- user_metadata and user_quota_limit.
INSERT INTO antenna.data_set (bytes, bytes_hourly, user_metadata, user_quota_limit)
SELECT name[1], name[2], name[3], name[4]
FROM (
    SELECT array_agg(quote_ident(nspname) || '.' || quote_ident(relname) ORDER BY given.number) AS name
    FROM unnest(ARRAY[$1, $2, $3, $4]::text[]) WITH ORDINALITY AS given (name, number)
    JOIN pg_class AS relation ON relation.oid = to_regclass(given.name)
    JOIN pg_namespace AS place ON place.oid = relnamespace
) AS given
ON CONFLICT (number) DO NOTHING
