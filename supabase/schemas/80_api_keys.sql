-- API keys.

CREATE TABLE switchyard.api_keys (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    prefix text NOT NULL CONSTRAINT api_keys_prefix_key UNIQUE,
    secret_hash bytea NOT NULL,
    workspace_id uuid CONSTRAINT api_keys_workspace_id_fkey REFERENCES public.workspaces (id) ON DELETE CASCADE,
    name text NOT NULL DEFAULT '',
    scopes text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON TABLE switchyard.api_keys IS 'API keys: found by prefix, checked by SHA-256 of the secret; the secret itself is not stored.';
COMMENT ON COLUMN switchyard.api_keys.workspace_id IS 'The workspace that the key acts for; NULL: an administrator.';

ALTER TABLE switchyard.api_keys ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.api_keys FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.api_keys TO service_role;
CREATE POLICY switchyard_service ON switchyard.api_keys TO service_role USING (true) WITH CHECK (true);
