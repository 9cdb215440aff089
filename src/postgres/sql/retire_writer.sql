-- Retires a writer whose folder is recovered by another: it lists no file any more. $1 token.
INSERT INTO antenna.retired_writer (token) VALUES ($1) ON CONFLICT (token) DO NOTHING
