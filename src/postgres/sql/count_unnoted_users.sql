-- How many users differ from the history of quotas: changes that its triggers did not see.
SELECT count(*)
FROM :"user_metadata" AS person
FULL JOIN (SELECT id, quota, email FROM antenna.user_quota WHERE valid_until IS NULL) AS known ON known.id = person.id COLLATE "C"
WHERE person.id IS NULL OR known.id IS NULL OR (person.quota, person.email) IS DISTINCT FROM (known.quota, known.email)
