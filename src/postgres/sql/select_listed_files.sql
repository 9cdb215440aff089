-- Which of these paths are listed, and not replaced. $1 array of paths.
SELECT path FROM antenna.archive_file WHERE path = ANY ($1::text[]) AND replaced_by IS NULL
