-- API keys; and the version by which a node knows that its copies of keys are current.

CREATE TABLE switchyard.api_keys (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    prefix text NOT NULL CONSTRAINT api_keys_prefix_key UNIQUE,
    secret_hash bytea NOT NULL,
    workspace_id uuid CONSTRAINT api_keys_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    is_test boolean NOT NULL DEFAULT false,
    name text NOT NULL DEFAULT '',
    scopes text[] NOT NULL DEFAULT '{}',
    allowed_networks cidr[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    last_used_address inet,
    expires_at timestamptz,
    revoked_at timestamptz,
    replaced_by uuid,
    CONSTRAINT api_keys_test_check CHECK (NOT is_test OR workspace_id IS NOT NULL)
);
COMMENT ON TABLE switchyard.api_keys IS 'API keys: found by prefix, checked by SHA-256 of the token without its checksum; the token itself is not stored.';
COMMENT ON COLUMN switchyard.api_keys.workspace_id IS 'The workspace that the key acts for; NULL: an administrator.';
COMMENT ON COLUMN switchyard.api_keys.is_test IS 'Whether leads sent with it are decided as a test, and not stored as leads.';
COMMENT ON COLUMN switchyard.api_keys.allowed_networks IS 'The networks from which it may be used; empty: from everywhere.';
COMMENT ON COLUMN switchyard.api_keys.last_used_at IS 'When it was last used, to the minute.';
COMMENT ON COLUMN switchyard.api_keys.replaced_by IS 'The key that was made when this one was rolled; this one ends at expires_at.';

CREATE TABLE switchyard.access_version (
    singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT access_version_singleton_check CHECK (singleton),
    version bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE switchyard.access_version IS 'One row; its number rises with every change of what a key may do: of keys, and of suspended, closed and inactive workspaces. Nodes read it twice a second while they are used.';
INSERT INTO switchyard.access_version (version) VALUES (1) ON CONFLICT DO NOTHING;

ALTER TABLE switchyard.api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.access_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.api_keys, switchyard.access_version FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.api_keys TO service_role;
GRANT SELECT ON switchyard.access_version TO service_role;
CREATE POLICY switchyard_service ON switchyard.api_keys TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.access_version TO service_role USING (true) WITH CHECK (true);

CREATE OR REPLACE FUNCTION switchyard.bump_access_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    UPDATE switchyard.access_version v SET version = v.version + 1;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.bump_access_version() IS
    'Raises the version of keys, so that every node looks them up again within a second.';

-- Not of last_used_at and last_used_address, which change all the time. A new key needs no news: no node has a copy of it.
CREATE TRIGGER switchyard_access AFTER DELETE OR TRUNCATE OR UPDATE OF id, prefix, secret_hash, workspace_id, is_test, scopes,
    allowed_networks, expires_at, revoked_at ON switchyard.api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_access_version();
CREATE TRIGGER switchyard_access AFTER DELETE OR TRUNCATE OR UPDATE OF id, is_active, routing_suspended_at, routing_suspended_reason,
    deleted_at
    ON public.workspaces
    FOR EACH STATEMENT EXECUTE FUNCTION switchyard.bump_access_version();
