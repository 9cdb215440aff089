-- What `antenna notify` does: it reads the running hour, the users and the silent antennas, and keeps the outbox.
GRANT SELECT ON :"user_metadata" TO antenna_notify;
GRANT SELECT ON antenna.schema_version, antenna.data_set, antenna.hour, antenna.quota_now, antenna.silence,
    antenna.antenna_seen TO antenna_notify;
GRANT SELECT (id, valid_until) ON antenna.user_quota TO antenna_notify;
GRANT SELECT, INSERT, UPDATE ON antenna.notice TO antenna_notify;
GRANT SELECT, INSERT, DELETE, UPDATE (since) ON antenna.notice_threshold TO antenna_notify;
-- PUBLIC has these rights unless an operator has revoked them.
GRANT EXECUTE ON FUNCTION antenna.this_database(), antenna.passes(NUMERIC, NUMERIC, INTEGER) TO antenna_notify;
