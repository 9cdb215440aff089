-- Removes the window totals of an hour that the archive does not have, unless something was counted meanwhile. $1 the hour.
DELETE FROM :"bytes" AS total
USING antenna_difference AS surplus
WHERE total.date >= $1 AND total.date < $1 + INTERVAL '1 hour' AND total.value = 0 AND surplus.value IS NULL
    AND total.date = surplus.date AND total.type = surplus.type AND total.id = surplus.id
