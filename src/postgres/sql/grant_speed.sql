-- What `antenna speed` does: it adds to the window totals, keeps its progress, the rejected messages and the list of
-- files, and brings a compaction to its end that a crash has left. What batch notes of an hour is not its to write.
GRANT SELECT, INSERT, UPDATE ON :"bytes" TO antenna_speed;
GRANT SELECT ON antenna.schema_version, antenna.data_set TO antenna_speed;
GRANT SELECT, INSERT, UPDATE ON antenna.progress, antenna.topic, antenna.rejected_message, antenna.rejected_count,
    antenna.hour_bytes TO antenna_speed;
GRANT SELECT, INSERT, DELETE ON antenna.archive_file TO antenna_speed;
GRANT SELECT, INSERT, UPDATE (files, rows, bytes_total, changed_at) ON antenna.hour TO antenna_speed;
GRANT SELECT, INSERT ON antenna.loss, antenna.retired_writer TO antenna_speed;
GRANT UPDATE (archive_id, archive_marked_at) ON antenna.data_set TO antenna_speed;
