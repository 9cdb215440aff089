-- Notes that a root has the archive's identity. $1 the identity.
UPDATE antenna.data_set SET archive_id = $1::uuid, archive_marked_at = coalesce(archive_marked_at, now())
