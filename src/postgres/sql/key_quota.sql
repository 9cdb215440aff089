-- Gives the offenders their index.
CREATE INDEX ON :"table" (date)
