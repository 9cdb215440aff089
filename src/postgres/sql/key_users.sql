-- Gives users their key.
ALTER TABLE :"table" ADD PRIMARY KEY (id)
