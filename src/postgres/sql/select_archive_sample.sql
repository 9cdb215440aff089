-- Paths of listed files by which an archive without identity is recognized: the newest and the oldest.
(SELECT path FROM antenna.archive_file WHERE replaced_by IS NULL ORDER BY created_at DESC LIMIT 8)
UNION
(SELECT path FROM antenna.archive_file WHERE replaced_by IS NULL ORDER BY created_at LIMIT 8)
