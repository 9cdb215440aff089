-- Each claim looks at the newest files of its job (select_conflict.sql), of which a year may list a million.
CREATE INDEX archive_file_newest ON antenna.archive_file (job, topic, created_at);
