-- What `antenna batch`, `antenna verify` and `antenna status` do: they read what the speed layer has written, and batch
-- replaces the totals and offenders of an hour, notes it, writes what its users are told, and replaces files on the list by
-- others.
GRANT SELECT, INSERT, DELETE ON :"bytes_hourly", :"user_quota_limit" TO antenna_batch;
GRANT SELECT ON :"bytes", :"user_metadata" TO antenna_batch;
GRANT SELECT ON antenna.schema_version, antenna.data_set, antenna.topic, antenna.progress, antenna.rejected_count,
    antenna.loss, antenna.sealed, antenna.hour_state, antenna.freshness, antenna.user_quota TO antenna_batch;
GRANT UPDATE (archive_id, archive_marked_at) ON antenna.data_set TO antenna_batch;
GRANT SELECT, INSERT, UPDATE (replaced_by), DELETE ON antenna.archive_file TO antenna_batch;
GRANT SELECT, INSERT ON antenna.retired_writer TO antenna_batch;
GRANT SELECT, INSERT,
    UPDATE (files, batch_at, batch_rows, batch_bytes, batch_unlisted_rows, batch_unlisted_bytes)
    ON antenna.hour TO antenna_batch;
GRANT SELECT, INSERT ON antenna.notice TO antenna_batch;
GRANT SELECT ON antenna.notice_threshold TO antenna_batch;
