-- What the session's user lacks of the rights of a role of ours, as grant_*.sql give them: how many, and a text, NULL when
-- nothing. $1 the role; $2 to $5 the quoted names of the tables bytes, bytes_hourly, user_metadata and user_quota_limit.
WITH needed (role, name, privileges, columns) AS (
    VALUES ('antenna_speed', $2::text, '{SELECT,INSERT,UPDATE}'::text[], NULL::text[]),
        ('antenna_speed', 'antenna.schema_version', '{SELECT}', NULL),
        ('antenna_speed', 'antenna.data_set', '{SELECT}', NULL),
        ('antenna_speed', 'antenna.data_set', '{UPDATE}', '{archive_id,archive_marked_at}'),
        ('antenna_speed', 'antenna.progress', '{SELECT,INSERT,UPDATE}', NULL),
        ('antenna_speed', 'antenna.topic', '{SELECT,INSERT,UPDATE}', NULL),
        ('antenna_speed', 'antenna.rejected_message', '{SELECT,INSERT,UPDATE}', NULL),
        ('antenna_speed', 'antenna.rejected_count', '{SELECT,INSERT,UPDATE}', NULL),
        ('antenna_speed', 'antenna.hour_bytes', '{SELECT,INSERT,UPDATE}', NULL),
        ('antenna_speed', 'antenna.archive_file', '{SELECT,INSERT,DELETE}', NULL),
        ('antenna_speed', 'antenna.hour', '{SELECT,INSERT}', NULL),
        ('antenna_speed', 'antenna.hour', '{UPDATE}', '{files,rows,bytes_total,changed_at}'),
        ('antenna_speed', 'antenna.loss', '{SELECT,INSERT}', NULL),
        ('antenna_speed', 'antenna.retired_writer', '{SELECT,INSERT}', NULL),
        ('antenna_batch', $2, '{SELECT,INSERT,UPDATE,DELETE}', NULL),
        ('antenna_batch', 'antenna.hour_bytes', '{SELECT,INSERT}', NULL),
        ('antenna_batch', 'antenna.hour_bytes', '{UPDATE}', '{earlier}'),
        ('antenna_batch', $3::text, '{SELECT,INSERT,UPDATE,DELETE}', NULL),
        ('antenna_batch', $4::text, '{SELECT,DELETE}', NULL),
        ('antenna_batch', $5::text, '{SELECT,INSERT,DELETE}', NULL),
        ('antenna_batch', $5, '{UPDATE}', '{email}'),
        ('antenna_batch', 'antenna.schema_version', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.data_set', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.data_set', '{UPDATE}', '{archive_id,archive_marked_at}'),
        ('antenna_batch', 'antenna.topic', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.progress', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.rejected_count', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.loss', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.sealed', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.hour_state', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.freshness', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.user_quota', '{SELECT,INSERT,DELETE}', NULL),
        ('antenna_batch', 'antenna.user_quota', '{UPDATE}', '{valid_until,quota}'),
        ('antenna_batch', 'antenna.forgetting', '{SELECT,INSERT,DELETE}', NULL),
        ('antenna_batch', 'antenna.forgetting', '{UPDATE}', '{names,emails}'),
        ('antenna_batch', 'antenna.put_aside', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.put_aside', '{UPDATE}', '{content}'),
        ('antenna_batch', 'antenna.archive_file', '{SELECT,INSERT,DELETE}', NULL),
        ('antenna_batch', 'antenna.archive_file', '{UPDATE}', '{replaced_by,added_at}'),
        ('antenna_batch', 'antenna.retired_writer', '{SELECT,INSERT}', NULL),
        ('antenna_batch', 'antenna.hour', '{SELECT,INSERT}', NULL),
        ('antenna_batch', 'antenna.hour', '{UPDATE}',
            '{files,batch_at,batch_rows,batch_bytes,batch_unlisted_rows,batch_unlisted_bytes,rebuilt_at,
              rebuilt_unlisted_rows,rebuilt_unlisted_bytes,totals_pruned_at,pruned_events,pruned_total_bytes,
              archive_pruned_at,pruned_files,pruned_rows,pruned_bytes,hourly_pruned_at}'),
        ('antenna_batch', 'antenna.rejected_message', '{SELECT,DELETE}', NULL),
        ('antenna_batch', 'antenna.rejected_message', '{UPDATE}', '{payload,detail}'),
        ('antenna_batch', 'antenna.notice', '{SELECT,INSERT,DELETE}', NULL),
        ('antenna_batch', 'antenna.notice_threshold', '{SELECT}', NULL),
        ('antenna_batch', 'antenna.notice_threshold', '{UPDATE}', '{since}'),
        ('antenna_reader', $2, '{SELECT}', NULL),
        ('antenna_reader', $3, '{SELECT}', NULL),
        ('antenna_reader', $4, '{SELECT}', NULL),
        ('antenna_reader', $5, '{SELECT}', NULL),
        ('antenna_reader', 'antenna.hourly', '{SELECT}', NULL),
        ('antenna_reader', 'antenna.quota_now', '{SELECT}', NULL),
        ('antenna_reader', 'antenna.freshness', '{SELECT}', NULL),
        ('antenna_reader', 'antenna.offenders', '{SELECT}', NULL),
        ('antenna_reader', 'antenna.hour_state', '{SELECT}', NULL),
        ('antenna_reader', 'antenna.rejected_count', '{SELECT}', NULL),
        ('antenna_reader', 'antenna.silence', '{SELECT}', NULL),
        ('antenna_reader', 'antenna.silent_antennas', '{SELECT}', NULL),
        ('antenna_reader', 'antenna.notice', '{SELECT}', NULL),
        ('antenna_reader', 'antenna.hour', '{SELECT}', NULL),
        ('antenna_notify', $4, '{SELECT}', NULL),
        ('antenna_notify', 'antenna.schema_version', '{SELECT}', NULL),
        ('antenna_notify', 'antenna.data_set', '{SELECT}', NULL),
        ('antenna_notify', 'antenna.hour', '{SELECT}', NULL),
        ('antenna_notify', 'antenna.quota_now', '{SELECT}', NULL),
        ('antenna_notify', 'antenna.user_quota', '{SELECT}', '{id,valid_until}'),
        ('antenna_notify', 'antenna.silence', '{SELECT}', NULL),
        ('antenna_notify', 'antenna.antenna_seen', '{SELECT}', NULL),
        ('antenna_notify', 'antenna.notice', '{SELECT,INSERT,UPDATE}', NULL),
        ('antenna_notify', 'antenna.notice_threshold', '{SELECT,INSERT,DELETE}', NULL),
        ('antenna_notify', 'antenna.notice_threshold', '{UPDATE}', '{since}')
), own AS ( -- to_regclass() would fail where the user may not even look into the schema
    SELECT 'antenna.' || relname AS name, relation.oid
    FROM pg_class AS relation JOIN pg_namespace AS place ON place.oid = relnamespace
    WHERE nspname = 'antenna'
), found AS (
    SELECT needed.name, privilege, columns, coalesce(own.oid, to_regclass(needed.name)::oid) AS id
    FROM needed
    CROSS JOIN unnest(privileges) AS privilege
    LEFT JOIN own USING (name)
    WHERE role = $1 AND (own.oid IS NOT NULL OR needed.name NOT LIKE 'antenna.%')
)
SELECT count(*), string_agg(privilege || ' on ' || id::regclass, ', ' ORDER BY id::regclass::text, privilege)
FROM found
JOIN pg_class AS relation ON relation.oid = id
WHERE NOT has_schema_privilege(relnamespace, 'USAGE')
    OR CASE
        WHEN columns IS NULL THEN NOT has_table_privilege(id, privilege)
        ELSE (SELECT NOT bool_and(has_column_privilege(id, field, privilege)) FROM unnest(columns) AS field)
    END
