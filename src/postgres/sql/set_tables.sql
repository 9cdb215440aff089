-- Hands the names of tables to the next script, for this transaction. $1 their quoted names.
SELECT set_config('antenna.tables', $1::text[]::text, true)
