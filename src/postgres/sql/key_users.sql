-- Gives users their key.
ALTER TABLE :"table"
    ALTER COLUMN id TYPE TEXT COLLATE "C",
    ADD PRIMARY KEY (id)
