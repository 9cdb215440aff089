-- Whether the totals of an hour are held, see antenna.hour_state, and no batch run has noted them: another job made them.
-- $1 the hour.
SELECT EXISTS (SELECT FROM antenna.hour_state WHERE hour = $1 AND state = 'held' AND batch_at IS NULL)::integer
