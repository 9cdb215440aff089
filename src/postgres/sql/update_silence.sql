-- Stores after how many seconds without events an antenna is silent ($1), and within how many since its last event it is
-- watched ($2); NULL keeps what is stored. Returns both; nothing is stored if the first is not below the second.
WITH wanted AS (
    SELECT coalesce($1::bigint, silent_after_seconds) AS silent_after, coalesce($2::bigint, active_within_seconds) AS active_within
    FROM antenna.data_set
), stored AS (
    UPDATE antenna.data_set SET silent_after_seconds = silent_after, active_within_seconds = active_within
    FROM wanted
    WHERE silent_after < active_within
)
SELECT silent_after, active_within FROM wanted
