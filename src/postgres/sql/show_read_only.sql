-- Whether this session may change anything: not on a standby, nor where an operator, or a managed service whose disk is
-- full, has set default_transaction_read_only.
SHOW transaction_read_only
