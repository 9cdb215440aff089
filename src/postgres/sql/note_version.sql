-- Notes that the bookkeeping has come to a version. $1 the version.
INSERT INTO antenna.schema_version (version) VALUES ($1)
