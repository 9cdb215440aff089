-- How many hours of a range are held, see antenna.hour_state. $1 the first hour, $2 the last.
SELECT count(*) FROM antenna.hour_state WHERE state = 'held' AND hour BETWEEN $1 AND $2
