-- Removes a user from the users' table. $1 the id.
DELETE FROM :"user_metadata" WHERE id = $1::text
