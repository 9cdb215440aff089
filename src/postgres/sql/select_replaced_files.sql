-- The files of an hour that files of one writer replace, and those. $1 the writer's token, $2 the hour.
SELECT path, replaced_by
FROM antenna.archive_file
WHERE hour = $2 AND replaced_by LIKE '%-' || $1 || '-%'
ORDER BY path
