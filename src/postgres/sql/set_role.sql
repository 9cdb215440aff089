-- For create_role.sql and grant_places.sql, in the same transaction: $1 name of a role, $2 verifier of its password.
SELECT set_config('antenna.role', $1, true), set_config('antenna.verifier', $2, true)
