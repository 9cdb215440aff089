-- For create_role.sql, in the same transaction: $1 verifier of a role's password.
SELECT set_config('antenna.verifier', $1, true)
