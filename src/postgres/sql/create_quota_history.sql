-- What writes the history of quotas. It runs with its owner's rights, as those who edit the users need none on the schema
-- antenna, and calls nothing that the editor's search path could replace. Run by provision, again without effect.

-- Ends what is in force of a user, who is no longer in the table. What the same transaction had noted was never in force.
CREATE OR REPLACE FUNCTION antenna.end_quota(gone TEXT) RETURNS VOID LANGUAGE sql
SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM antenna.user_quota WHERE id = gone AND valid_until IS NULL AND noted_at = now();
    UPDATE antenna.user_quota
    SET valid_until = greatest(now() AT TIME ZONE 'UTC', valid_from + INTERVAL '1 microsecond')
    WHERE id = gone AND valid_until IS NULL;
$$;

-- Notes what is in force of a user from now on. The first that is known counts for the time before, too. A user who comes
-- back within an hour was never away: the table may be emptied and loaded again in two transactions.
CREATE OR REPLACE FUNCTION antenna.begin_quota(person TEXT, new_quota BIGINT, new_email TEXT, noted TIMESTAMPTZ)
RETURNS VOID LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    begun TIMESTAMP = now() AT TIME ZONE 'UTC';
    back  TIMESTAMP = begun - INTERVAL '1 hour';
    last  antenna.user_quota;
BEGIN
    SELECT * INTO last FROM antenna.user_quota WHERE id = person ORDER BY valid_from DESC LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO antenna.user_quota (id, valid_from, quota, email, noted_at)
        VALUES (person, '-infinity', new_quota, new_email, noted);
    ELSIF last.noted_at = now()
        OR (last.quota, last.email) IS NOT DISTINCT FROM (new_quota, new_email) AND (last.valid_until < back) IS NOT TRUE
    THEN
        UPDATE antenna.user_quota SET quota = new_quota, email = new_email, valid_until = NULL
        WHERE id = person AND valid_from = last.valid_from
            AND (quota, email, valid_until) IS DISTINCT FROM (new_quota, new_email, NULL::timestamp);
    ELSE
        begun = greatest(begun, last.valid_from + INTERVAL '1 microsecond'); -- of transactions at one time
        UPDATE antenna.user_quota SET valid_until = begun
        WHERE id = person AND valid_from = last.valid_from AND (valid_until < back) IS NOT TRUE;
        INSERT INTO antenna.user_quota (id, valid_from, quota, email, noted_at)
        VALUES (person, begun, new_quota, new_email, noted);
    END IF;
END
$$;

-- Notes all users of a table as they are now.
CREATE OR REPLACE FUNCTION antenna.note_quotas(users REGCLASS) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('SELECT antenna.end_quota(id) FROM antenna.user_quota AS known
        WHERE valid_until IS NULL AND NOT EXISTS (SELECT FROM %s AS person WHERE person.id = known.id)', users);
    EXECUTE format('SELECT antenna.begin_quota(person.id, person.quota, person.email, ''-infinity'')
        FROM %s AS person LEFT JOIN antenna.user_quota AS known ON known.id = person.id AND valid_until IS NULL
        WHERE known.id IS NULL OR (known.quota, known.email) IS DISTINCT FROM (person.quota, person.email)', users);
END
$$;

-- Notes a change of the users' table, or that it was emptied. A user whose id another row has now is not gone. A subscription
-- that replicates the history, too, writes what the publisher has noted: to note it here would be a second time.
CREATE OR REPLACE FUNCTION antenna.note_quota() RETURNS TRIGGER LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET row_security = off AS $$
DECLARE
    users REGCLASS = coalesce(pg_partition_root(TG_RELID), TG_RELID);
    gone  TEXT;
BEGIN
    IF current_setting('session_replication_role') = 'replica'
        AND EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = 'antenna.user_quota'::regclass)
    THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM antenna.note_quotas(users);
        RETURN NULL;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        gone = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM antenna.begin_quota(NEW.id, NEW.quota, NEW.email, now());
        gone = nullif(gone, NEW.id);
    END IF;
    IF gone IS NOT NULL THEN
        EXECUTE format('SELECT antenna.end_quota(%2$L) WHERE NOT EXISTS (SELECT FROM %1$s WHERE id = %2$L)', users, gone);
    END IF;
    RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION antenna.end_quota(TEXT), antenna.begin_quota(TEXT, BIGINT, TEXT, TIMESTAMPTZ),
    antenna.note_quotas(REGCLASS), antenna.note_quota() FROM PUBLIC
