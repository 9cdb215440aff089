-- Which of these paths are listed. $1 array of paths.
SELECT path FROM antenna.archive_file WHERE path = ANY ($1::text[])
