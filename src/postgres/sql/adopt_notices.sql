-- Makes this the database whose notices are sent.
UPDATE antenna.data_set SET notices_database = DEFAULT
