-- Gives totals their key.
ALTER TABLE :"table"
    ALTER COLUMN date SET NOT NULL,
    ALTER COLUMN id SET NOT NULL,
    ALTER COLUMN value SET NOT NULL,
    ALTER COLUMN type SET NOT NULL,
    ADD PRIMARY KEY (date, type, id)
