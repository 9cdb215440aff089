-- Has a column compared byte by byte, as the program compares.
ALTER TABLE :"table" ALTER COLUMN :"column" TYPE TEXT COLLATE "C"
