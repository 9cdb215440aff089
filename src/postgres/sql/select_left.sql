-- The tables beside those of totals that have rows of a user still, after all were changed, and how many: a trigger or a rule may
-- keep them. $1 the user's id, $2 the pseudonym, $3 array of the names, $4 array of the e-mail addresses, $5 array of the labels of
-- totals that are keyed by a user; which rows are the user's as in rename_limits and rename_put_aside.
SELECT place::regclass::text, count(*)
FROM (
    SELECT tableoid FROM :"user_metadata" WHERE id = $1::text
    UNION ALL
    SELECT tableoid FROM antenna.user_quota WHERE id = $1::text
    UNION ALL
    SELECT tableoid FROM antenna.notice WHERE kind = 'quota' AND id = $1::text
    UNION ALL
    SELECT tableoid FROM :"user_quota_limit" AS excess
    WHERE email = ANY ($4::text[]) AND (
        NOT EXISTS (SELECT FROM :"user_metadata" AS other WHERE other.email = excess.email AND other.id <> $1::text)
            AND NOT EXISTS (SELECT FROM antenna.user_quota AS other WHERE other.email = excess.email AND other.id <> $1::text)
        OR EXISTS (
            SELECT FROM :"bytes_hourly" AS total
            WHERE total.date = excess.date AND total.type = 'user_bytes_total' AND total.id IN ($1::text, $2::text)
                AND total.value = excess.usage
        )
    )
    UNION ALL
    SELECT kept.tableoid
    FROM antenna.put_aside AS kept
    WHERE (content ->> 'type' IS NULL OR content ->> 'type' = ANY ($5::text[])) AND EXISTS (
        SELECT FROM jsonb_each(content)
        WHERE jsonb_typeof(value) = 'string' AND key NOT IN ('type', 'date')
            AND value #>> '{}' = ANY (CASE key
                WHEN 'id' THEN ARRAY[$1::text]
                WHEN 'name' THEN $3::text[]
                WHEN 'email' THEN $4::text[]
                ELSE $1::text || $3::text[] || $4::text[]
            END)
    )
) AS kept (place)
GROUP BY place
ORDER BY 1
