-- The next of the totals that hold_hour_totals holds.
FETCH 20000 FROM hour_totals
