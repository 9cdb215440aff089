-- The metrics that --metrics has switched on, by the labels of their totals; when each was switched on; and from which window
-- on the window totals have all of it: no window from there on was counted before.
ALTER TABLE antenna.data_set
    ADD COLUMN metrics TEXT[] NOT NULL DEFAULT '{}',
    ADD COLUMN metrics_since TIMESTAMP[] NOT NULL DEFAULT '{}',
    ADD COLUMN metrics_whole_from TIMESTAMP[] NOT NULL DEFAULT '{}',
    ADD CHECK (cardinality(metrics) = cardinality(metrics_since)),
    ADD CHECK (cardinality(metrics) = cardinality(metrics_whole_from));
