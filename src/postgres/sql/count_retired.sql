-- Whether a writer is retired, 1 or 0. $1 token.
SELECT count(*) FROM antenna.retired_writer WHERE token = $1
