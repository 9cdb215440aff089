-- Notes the users that a table has now. $1 its quoted name.
SELECT antenna.note_quotas(to_regclass($1))
