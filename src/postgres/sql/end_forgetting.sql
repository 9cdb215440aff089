-- Notes that a user is erased. $1 the id.
DELETE FROM antenna.forgetting WHERE id = $1::text
