-- The tables of window totals that jobs without archive have of their own, as the options name them, that are there.
SELECT DISTINCT array_to_string(parse_ident(table_name), '.')
FROM antenna.topic
WHERE table_name <> (SELECT bytes FROM antenna.data_set) AND to_regclass(table_name) IS NOT NULL
