-- As limit_idle_time, until the end of this transaction: run before it locks rows that the speed layer changes.
SET LOCAL idle_in_transaction_session_timeout TO '10s'
