-- The schema switchyard: everything that is Switchyard's own and that Supabase's API does not expose.

CREATE SCHEMA switchyard;
COMMENT ON SCHEMA switchyard IS 'Switchyard''s own tables and functions; not exposed by Supabase''s API.';
REVOKE ALL ON SCHEMA switchyard FROM PUBLIC;
GRANT USAGE ON SCHEMA switchyard TO anon, authenticated, service_role;

-- service_role may run the functions that later migrations of the same owner add.
ALTER DEFAULT PRIVILEGES IN SCHEMA switchyard GRANT EXECUTE ON FUNCTIONS TO service_role;
