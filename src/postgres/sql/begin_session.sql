-- Run on every new connection. Dates are UTC. Tables are never looked for, nor made, in the schema of our own bookkeeping,
-- which the default search path would do for a user called antenna.
SET TIME ZONE 'UTC';
SET default_transaction_isolation TO 'read committed';
SELECT set_config('search_path', coalesce(string_agg(quote_ident(name), ', ' ORDER BY place), 'public'), false)
FROM unnest(current_schemas(false)) WITH ORDINALITY AS searched (name, place)
WHERE name <> 'antenna'
