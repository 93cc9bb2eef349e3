-- Local users: people who sign in with a password instead of a Supabase session. Their memberships are in user_workspaces, like everyone's.

CREATE TABLE switchyard.local_users (
    user_id uuid PRIMARY KEY,
    email text NOT NULL CONSTRAINT local_users_email_key UNIQUE,
    password_hash text,
    password_changed_at timestamptz,
    totp_secret bytea,
    totp_confirmed_at timestamptz,
    totp_step bigint NOT NULL DEFAULT 0,
    recovery_hashes bytea[] NOT NULL DEFAULT '{}',
    session_epoch bigint NOT NULL DEFAULT 1,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT local_users_totp_check CHECK (totp_confirmed_at IS NULL OR totp_secret IS NOT NULL)
);
COMMENT ON TABLE switchyard.local_users IS 'People who sign in with a password; user_id is the subject of their requests. No API role reads it.';
COMMENT ON COLUMN switchyard.local_users.email IS 'Trimmed, NFC, in lower case. Not verified: it is what the inviter typed.';
COMMENT ON COLUMN switchyard.local_users.password_hash IS 'scrypt with its parameters, as $scrypt$ln=…,r=…,p=…$salt$key; NULL: the invitation is not accepted.';
COMMENT ON COLUMN switchyard.local_users.totp_step IS 'The last 30-second step whose code was used: a code is used once.';
COMMENT ON COLUMN switchyard.local_users.recovery_hashes IS 'SHA-256 of the recovery codes that are not used.';
COMMENT ON COLUMN switchyard.local_users.session_epoch IS 'Sessions of another number are over: raising it signs the user out everywhere, also where a sign-in is under way.';

CREATE TABLE switchyard.user_sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT user_sessions_user_id_fkey REFERENCES switchyard.local_users (user_id) ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT user_sessions_token_hash_key UNIQUE,
    epoch bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    address inet,
    client text
);
CREATE INDEX user_sessions_user ON switchyard.user_sessions (user_id, created_at);
COMMENT ON TABLE switchyard.user_sessions IS 'Sessions of local users; the token itself is not stored, its SHA-256 is.';
COMMENT ON COLUMN switchyard.user_sessions.last_used_at IS 'To the minute; a session that is not used for 12 hours is over.';
COMMENT ON COLUMN switchyard.user_sessions.expires_at IS 'When it is over in any case.';
COMMENT ON COLUMN switchyard.user_sessions.client IS 'The first 200 characters of the User-Agent, for the user''s list of sessions.';

CREATE TABLE switchyard.user_links (
    id uuid PRIMARY KEY,
    user_id uuid CONSTRAINT user_links_user_id_fkey REFERENCES switchyard.local_users (user_id) ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT user_links_token_hash_key UNIQUE,
    removes_totp boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX user_links_user ON switchyard.user_links (user_id);
COMMENT ON TABLE switchyard.user_links IS 'Links that set a password, once: invitations and resets; the secret itself is not stored, its SHA-256 is.';
COMMENT ON COLUMN switchyard.user_links.user_id IS 'Whose password it sets; NULL: it makes the first administrator.';
COMMENT ON COLUMN switchyard.user_links.removes_totp IS 'Whether it removes the second factor too, of a person who has lost it.';
COMMENT ON COLUMN switchyard.user_links.used_at IS 'When it was used, or replaced by a newer one.';

ALTER TABLE switchyard.local_users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.user_sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.user_links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.local_users, switchyard.user_sessions, switchyard.user_links FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.local_users, switchyard.user_sessions, switchyard.user_links TO service_role;
CREATE POLICY switchyard_service ON switchyard.local_users TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.user_sessions TO service_role USING (true) WITH CHECK (true);
CREATE POLICY switchyard_service ON switchyard.user_links TO service_role USING (true) WITH CHECK (true);

-- Not of totp_step and last_used_at, which change with every sign-in and all the time. Of secrets the audit keeps a digest.
DO $$
DECLARE
    v_user constant text[] := ARRAY['email', 'password_hash', 'password_changed_at', 'totp_secret', 'totp_confirmed_at', 'recovery_hashes',
        'session_epoch', 'disabled_at'];
BEGIN
    PERFORM switchyard.keep_audit('switchyard.local_users', 'user', ARRAY['user_id'], p_left_out => ARRAY['totp_step'],
        p_digested => ARRAY['password_hash', 'totp_secret', 'recovery_hashes'],
        p_events => 'INSERT OR DELETE OR UPDATE OF ' || array_to_string(v_user, ', '));
    PERFORM switchyard.keep_audit('switchyard.user_sessions', 'session', ARRAY['id'], p_only => ARRAY['user_id', 'expires_at', 'ended_at'],
        p_events => 'INSERT OR UPDATE OF ended_at');
    PERFORM switchyard.keep_audit('switchyard.user_links', 'link', ARRAY['id'],
        p_only => ARRAY['user_id', 'removes_totp', 'expires_at', 'used_at'], p_events => 'INSERT OR UPDATE OF used_at');
END
$$;
