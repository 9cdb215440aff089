-- Takes the files of an hour that files of one writer replace off the list, when they are deleted. $1 the writer's token,
-- $2 the hour.
DELETE FROM antenna.archive_file WHERE hour = $2 AND replaced_by LIKE '%-' || $1 || '-%'
