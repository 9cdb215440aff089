-- The metrics that --metrics has switched on, by the labels of their totals, and from which event time on the window totals
-- have all of them: no window from there on was counted before.
ALTER TABLE antenna.data_set
    ADD COLUMN metrics TEXT[] NOT NULL DEFAULT '{}',
    ADD COLUMN metrics_since TIMESTAMP[] NOT NULL DEFAULT '{}',
    ADD CHECK (cardinality(metrics) = cardinality(metrics_since));
