-- What can drop or hide rows of our tables without an error, as text: $1 to $4 the quoted names of bytes, bytes_hourly,
-- user_metadata and user_quota_limit; those of the schema antenna and all partitions are looked at, too. First what makes
-- a job fail or see less: rules, and row-level security that applies to this user; then what may: triggers that are not
-- ours, and row-level security that does not apply to this user.
WITH RECURSIVE relation (oid) AS (
    SELECT given.name::regclass::oid
    FROM (SELECT to_regclass(name) AS name FROM unnest(ARRAY[$1, $2, $3, $4]::text[]) AS name) AS given
    WHERE given.name IS NOT NULL
    UNION
    SELECT pg_class.oid
    FROM pg_class JOIN pg_namespace AS place ON place.oid = relnamespace
    WHERE nspname = 'antenna' AND relkind IN ('r', 'p')
    UNION
    SELECT inhrelid FROM relation JOIN pg_inherits ON inhparent = relation.oid
), filter (is_active, text) AS (
    SELECT true, format('rule %I on %s', rulename, ev_class::regclass)
    FROM pg_rewrite JOIN relation ON ev_class = relation.oid
    JOIN pg_class ON pg_class.oid = relation.oid AND relkind IN ('r', 'p')
    WHERE ev_enabled <> 'D'
    UNION ALL
    SELECT row_security_active(pg_class.oid), format('row-level security on %s', pg_class.oid::regclass)
    FROM pg_class JOIN relation USING (oid)
    WHERE relrowsecurity
    UNION ALL
    SELECT false, format('trigger %I on %s', tgname, tgrelid::regclass)
    FROM pg_trigger JOIN relation ON tgrelid = relation.oid
    JOIN pg_proc AS routine ON routine.oid = tgfoid
    JOIN pg_namespace AS place ON place.oid = pronamespace
    WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgparentid = 0 AND nspname <> 'antenna'
)
SELECT string_agg(text, ', ' ORDER BY text) FILTER (WHERE is_active),
    string_agg(text, ', ' ORDER BY text) FILTER (WHERE NOT is_active)
FROM filter
