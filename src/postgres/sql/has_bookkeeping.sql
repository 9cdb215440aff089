-- Whether the schema of the program's own bookkeeping is there.
SELECT (to_regclass('antenna.schema_version') IS NOT NULL)::integer
