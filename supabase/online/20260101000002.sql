-- What `switchyard migrate up --online` does before 20260101000002_base_schema.sql. How such a file is read:
-- docs/decisions/0021-online-steps.md.

-- @short Noting which columns are new
DO $$
BEGIN
    IF to_regclass('public.leads') IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = to_regclass('public.leads') AND a.attname = 'source_workspace_id' AND NOT a.attisdropped) THEN
        CREATE SCHEMA IF NOT EXISTS switchyard;
        CREATE TABLE IF NOT EXISTS switchyard.online_source_is_new ();
        COMMENT ON TABLE switchyard.online_source_is_new IS 'Set by switchyard migrate up --online: leads had no source_workspace_id before. Dropped when it is done.';
    END IF;
END
$$;
