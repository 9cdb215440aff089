-- Keeps everybody else out of a table while it is adopted.
LOCK TABLE :"table" IN ACCESS EXCLUSIVE MODE
