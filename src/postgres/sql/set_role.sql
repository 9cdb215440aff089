-- For create_role.sql and grant_places.sql, in the same transaction: $1 name of a role.
SELECT set_config('antenna.role', $1, true)
