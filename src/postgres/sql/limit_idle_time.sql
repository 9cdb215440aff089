-- Ends the session when it does nothing inside a transaction for so long: a worker that froze, or whose machine vanished,
-- must not keep its rows locked from the worker that takes its partitions over.
SET idle_in_transaction_session_timeout TO '10s'
