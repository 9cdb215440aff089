-- Run on every new connection. Dates are UTC, and texts of dates, of which keys of locks are made, the same for everybody.
-- A client that vanishes without a word is noticed within half a minute, and what it has locked is free again. Tables are
-- never looked for, nor made, in the schema of our own bookkeeping, which the default search path would do for a user
-- called antenna.
SET TIME ZONE 'UTC';
SET datestyle TO 'ISO, MDY';
SET default_transaction_isolation TO 'read committed';
SET tcp_keepalives_idle TO 10;
SET tcp_keepalives_interval TO 5;
SET tcp_keepalives_count TO 4;
SELECT set_config('search_path', coalesce(string_agg(quote_ident(name), ', ' ORDER BY place), 'public'), false)
FROM unnest(current_schemas(false)) WITH ORDINALITY AS searched (name, place)
WHERE name <> 'antenna'
