-- Has the changes of the users' table noted, those that replication makes, too, and of no other table.
DO $$
DECLARE
    name TEXT;
    users REGCLASS;
BEGIN
    FOR name, users IN
        SELECT tgname, tgrelid FROM pg_trigger WHERE tgfoid = 'antenna.note_quota'::regproc AND tgparentid = 0
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', name, users);
    END LOOP;
END
$$;
CREATE TRIGGER antenna_quota AFTER INSERT OR UPDATE OR DELETE ON :"table"
    FOR EACH ROW EXECUTE FUNCTION antenna.note_quota();
CREATE TRIGGER antenna_quota_emptied AFTER TRUNCATE ON :"table"
    FOR EACH STATEMENT EXECUTE FUNCTION antenna.note_quota();
ALTER TABLE :"table" ENABLE ALWAYS TRIGGER antenna_quota;
ALTER TABLE :"table" ENABLE ALWAYS TRIGGER antenna_quota_emptied
