-- How many of the loaded users the table has just so. Arrays as in upsert_users.sql.
SELECT count(*)
FROM :"user_metadata" AS person
JOIN unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS given (id, name, email, quota) USING (id)
WHERE (person.name, person.email, person.quota) IS NOT DISTINCT FROM (given.name, given.email, given.quota)
