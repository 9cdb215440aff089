-- How the server wants passwords to be kept. Without it libpq would ask by itself, and wait for the answer without end.
SELECT current_setting('password_encryption')
