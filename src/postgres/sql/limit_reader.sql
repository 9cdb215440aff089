-- Who logs in as antenna_reader changes nothing, not even a table of its own, unless it says so.
ALTER ROLE antenna_reader SET default_transaction_read_only TO on
