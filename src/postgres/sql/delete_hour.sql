-- Removes an hour's rows. $1 the hour.
DELETE FROM :"table" WHERE date = $1
