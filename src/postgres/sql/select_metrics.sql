-- The labels of the metrics that are switched on.
SELECT unnest(metrics) FROM antenna.data_set
