-- Replaces what names a user by a pseudonym in rows that an adoption has put aside: the id, a name and an e-mail address each in
-- its own column, any of them in columns that are not ours; numbers stay. $1 the user's id, $2 the pseudonym, $3 array of the names,
-- $4 array of the e-mail addresses, $5 array of the labels of totals that are keyed by a user: what others are keyed by is none.
UPDATE antenna.put_aside AS kept
SET content = content || named.fields
FROM (
    SELECT number, jsonb_object_agg(key, $2::text) AS fields
    FROM antenna.put_aside CROSS JOIN jsonb_each(content)
    WHERE (content ->> 'type' IS NULL OR content ->> 'type' = ANY ($5::text[]))
        AND jsonb_typeof(value) = 'string' AND key NOT IN ('type', 'date')
        AND value #>> '{}' = ANY (CASE key
            WHEN 'id' THEN ARRAY[$1::text]
            WHEN 'name' THEN $3::text[]
            WHEN 'email' THEN $4::text[]
            ELSE $1::text || $3::text[] || $4::text[]
        END)
    GROUP BY number
) AS named
WHERE kept.number = named.number
