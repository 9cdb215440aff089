-- Gives the users over quota their index.
CREATE INDEX ON :"table" (date)
