-- Whether a table has a usable index of exactly these columns, in whatever order. $1 its quoted name, $2 the columns,
-- $3 whether it must be unique.
SELECT EXISTS (
    SELECT
    FROM pg_index
    WHERE indrelid = to_regclass($1) AND indisvalid AND indpred IS NULL AND indexprs IS NULL
        AND (indisunique AND indimmediate OR NOT $3::boolean)
        AND ARRAY(
            SELECT attname::text COLLATE "C"
            FROM pg_attribute
            WHERE attrelid = indrelid AND attnum = ANY (indkey)
            ORDER BY 1
        ) = ARRAY(SELECT name COLLATE "C" FROM unnest($2::text[]) AS name ORDER BY 1)
)
