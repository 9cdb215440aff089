-- What `antenna batch`, `antenna verify` and `antenna status` do: they read what the speed layer has written, and batch
-- replaces the totals and offenders of an hour, notes it, and replaces files on the list by others.
GRANT SELECT, INSERT, DELETE ON :"bytes_hourly", :"user_quota_limit" TO antenna_batch;
GRANT SELECT ON :"bytes", :"user_metadata" TO antenna_batch;
GRANT SELECT ON antenna.schema_version, antenna.progress, antenna.rejected_count, antenna.sealed, antenna.hour_state,
    antenna.freshness TO antenna_batch;
GRANT SELECT, INSERT, UPDATE (replaced_by), DELETE ON antenna.archive_file TO antenna_batch;
GRANT SELECT, INSERT,
    UPDATE (files, batch_at, batch_rows, batch_bytes, batch_unlisted_rows, batch_unlisted_bytes)
    ON antenna.hour TO antenna_batch;
