-- The version of the bookkeeping.
SELECT max(version) FROM antenna.schema_version
