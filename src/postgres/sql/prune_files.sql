-- Takes the files of an hour off the archive: as replaced by none, until they are deleted. $1 the hour, $2 what is instead
-- of the name of the file that replaces them. Returns how many files there were, with how many rows and of what size.
WITH removed AS (
    UPDATE antenna.archive_file SET replaced_by = $2 WHERE hour = $1 AND replaced_by IS NULL RETURNING rows, bytes_total, size
), sums AS (
    SELECT count(*) AS files, coalesce(sum(rows), 0)::bigint AS rows, coalesce(sum(bytes_total), 0) AS bytes,
        coalesce(sum(size), 0)::bigint AS size
    FROM removed
), noted AS (
    UPDATE antenna.hour
    SET archive_pruned_at = clock_timestamp(), pruned_files = pruned_files + sums.files, pruned_rows = pruned_rows + sums.rows,
        pruned_bytes = antenna.hour.pruned_bytes + sums.bytes
    FROM sums
    WHERE hour = $1
)
SELECT files, rows, size FROM sums
