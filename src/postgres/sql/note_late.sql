-- Notes that the rows of files were added to the hourly totals of an hour whose earlier files were removed. $1 the hour; $2 rows
-- and $3 bytes of the files; $4 array of their paths. `batch_at` stays that of the run that read all files, which decides what
-- metrics the totals have. Returns how many of the files were noted.
WITH added AS (
    UPDATE antenna.archive_file SET added_at = clock_timestamp()
    WHERE hour = $1 AND path = ANY ($4::text[]) AND replaced_by IS NULL AND added_at IS NULL
    RETURNING 1
), noted AS (
    UPDATE antenna.hour
    SET batch_rows = batch_rows + $2::bigint, batch_bytes = batch_bytes + $3::numeric
    WHERE hour = $1
)
SELECT count(*) FROM added
