-- 1 when a role was given rights in this database, else 0. $1 its name.
SELECT count(*) FROM pg_roles WHERE rolname = $1 AND has_schema_privilege(rolname, 'antenna', 'USAGE')
