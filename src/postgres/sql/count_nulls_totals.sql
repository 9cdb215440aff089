-- Rows of totals that no key can hold.
SELECT count(*) FROM :"table" WHERE date IS NULL OR id IS NULL OR value IS NULL OR type IS NULL
