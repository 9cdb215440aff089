-- How many time zones have a name; a text that is none would be read by POSIX's rules, where UTC+1 lies west. $1 the name.
SELECT count(*) FROM pg_timezone_names WHERE name = $1
