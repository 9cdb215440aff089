-- The files of an hour. $1 the hour.
SELECT path, rows FROM antenna.archive_file WHERE hour = $1 ORDER BY path
