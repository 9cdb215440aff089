-- For create_reader.sql, in the same transaction.
SELECT set_config('antenna.reader_verifier', $1, true)
