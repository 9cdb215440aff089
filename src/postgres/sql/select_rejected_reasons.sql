-- How many messages were rejected for each reason.
SELECT reason, sum(messages) FROM antenna.rejected_count GROUP BY reason ORDER BY 2 DESC, 1
