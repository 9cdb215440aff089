-- Switches metrics on. $1 the labels of those that are off. It waits for claims that are under way (claim_progress.sql).
UPDATE antenna.data_set
SET metrics = metrics || $1::text[],
    metrics_since = metrics_since || array_fill('infinity'::timestamp, ARRAY[cardinality($1::text[])]),
    metrics_whole_from = metrics_whole_from || array_fill('infinity'::timestamp, ARRAY[cardinality($1::text[])])
