-- The schemas in which a role may create tables, of those of the tables on which it has rights; before PostgreSQL 15 every
-- role may in the schema public, unless that was revoked. $1: the role.
SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname)
FROM pg_namespace
WHERE nspname IN (SELECT table_schema FROM information_schema.role_table_grants WHERE grantee = $1)
    AND has_schema_privilege($1::name, oid, 'CREATE')
