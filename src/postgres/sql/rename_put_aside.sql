-- Replaces what names a user by a pseudonym in rows that an adoption has put aside. $1 the pseudonym, $2 array of the id,
-- the names and the e-mail addresses, $3 array of the labels of totals that are keyed by a user: what others are keyed by is none.
UPDATE antenna.put_aside
SET content = (
    SELECT jsonb_object_agg(key, CASE WHEN value #>> '{}' = ANY ($2::text[]) THEN to_jsonb($1::text) ELSE value END)
    FROM jsonb_each(content)
)
WHERE (content ->> 'type' IS NULL OR content ->> 'type' = ANY ($3::text[]))
    AND EXISTS (SELECT FROM jsonb_each_text(content) AS field WHERE field.value = ANY ($2::text[]))
