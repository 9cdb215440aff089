-- How many of the two triggers that note the changes of the users' table work. $1 its quoted name.
SELECT count(*)
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE tgrelid = to_regclass($1) AND proname = 'note_quota' AND tgenabled IN ('O', 'A')
    AND pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'antenna')
