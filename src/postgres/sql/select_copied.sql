-- Whether this database is a copy of the one whose notices are sent.
SELECT (notices_database <> antenna.this_database())::integer FROM antenna.data_set
