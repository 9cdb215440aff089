-- Users that no key can hold.
SELECT count(*) FROM :"table" WHERE id IS NULL
