-- What names a user. $1 the id, $2 array of the names, $3 array of the e-mail addresses.
SELECT DISTINCT unnest(ARRAY[$1::text] || $2::text[] || $3::text[])
