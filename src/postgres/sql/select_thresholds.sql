-- The thresholds, in percent.
SELECT threshold FROM antenna.notice_threshold ORDER BY threshold
