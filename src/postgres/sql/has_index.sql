-- Whether a table has a usable index whose key is exactly these columns, in whatever order; columns that it merely includes
-- do not matter. $1 its quoted name, $2 the columns, $3 whether it must be unique.
SELECT EXISTS (
    SELECT
    FROM pg_index
    WHERE indrelid = to_regclass($1) AND indisvalid AND indpred IS NULL AND indexprs IS NULL
        AND (indisunique AND indimmediate OR NOT $3::boolean)
        AND ARRAY(
            SELECT attname::text COLLATE "C"
            FROM pg_attribute
            WHERE attrelid = indrelid AND attnum = ANY ((indkey::int2[])[0:indnkeyatts - 1])
            ORDER BY 1
        ) = ARRAY(SELECT name COLLATE "C" FROM unnest($2::text[]) AS name ORDER BY 1)
)
