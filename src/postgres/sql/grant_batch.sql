-- What `antenna batch`, `verify`, `rebuild`, `prune`, `forget` and `status` do: they read what the speed layer has written; batch
-- replaces the totals and users over quota of an hour, notes it, writes what its users are told, and replaces files on the list by
-- others; rebuild replaces window totals; prune removes what is old; forget erases a user.
GRANT SELECT, INSERT, UPDATE (email), DELETE ON :"user_quota_limit" TO antenna_batch;
GRANT SELECT, INSERT, UPDATE, DELETE ON :"bytes_hourly" TO antenna_batch; -- late rows are added
GRANT SELECT, INSERT, UPDATE, DELETE ON :"bytes" TO antenna_batch;
GRANT SELECT, DELETE ON :"user_metadata" TO antenna_batch;
GRANT SELECT, INSERT, UPDATE (earlier) ON antenna.hour_bytes TO antenna_batch;
GRANT SELECT ON antenna.schema_version, antenna.data_set, antenna.topic, antenna.progress, antenna.rejected_count,
    antenna.loss, antenna.sealed, antenna.hour_state, antenna.freshness TO antenna_batch;
GRANT SELECT, INSERT, UPDATE (valid_until, quota), DELETE ON antenna.user_quota TO antenna_batch;
GRANT SELECT, INSERT, UPDATE (names, emails), DELETE ON antenna.forgetting TO antenna_batch;
GRANT SELECT, UPDATE (content) ON antenna.put_aside TO antenna_batch;
GRANT UPDATE (archive_id, archive_marked_at) ON antenna.data_set TO antenna_batch;
GRANT SELECT, INSERT, UPDATE (replaced_by, added_at), DELETE ON antenna.archive_file TO antenna_batch;
GRANT SELECT, INSERT ON antenna.retired_writer TO antenna_batch;
GRANT SELECT, INSERT,
    UPDATE (files, batch_at, batch_rows, batch_bytes, batch_unlisted_rows, batch_unlisted_bytes, rebuilt_at,
        rebuilt_unlisted_rows, rebuilt_unlisted_bytes, totals_pruned_at, pruned_events, pruned_total_bytes,
        archive_pruned_at, pruned_files, pruned_rows, pruned_bytes, hourly_pruned_at)
    ON antenna.hour TO antenna_batch;
GRANT SELECT, INSERT, DELETE ON antenna.notice TO antenna_batch;
GRANT SELECT, UPDATE (since) ON antenna.notice_threshold TO antenna_batch;
GRANT SELECT, UPDATE (payload, detail), DELETE ON antenna.rejected_message TO antenna_batch;
-- PUBLIC has this right unless an operator has revoked it.
GRANT EXECUTE ON FUNCTION antenna.passes(NUMERIC, NUMERIC, INTEGER) TO antenna_batch;
