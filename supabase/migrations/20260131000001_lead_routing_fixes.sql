-- Lead routing: state machine, retry queue, duplicate claims, audit log, and the seven functions of the migration guide.
--
-- Rules that this file keeps:
--   * Safe to run again, whole or after a half-applied run; plain statements, no BEGIN or COMMIT of its own.
--   * The rollback printed in the guide runs through on it and leaves a table that leads can be inserted into. Hence no
--     function signature, view, generated column or index expression uses the enum or a function of the guide, and each
--     trigger on leads mentions the row type of lead_routing_queue in its WHEN condition: dropping that table CASCADE,
--     which is the rollback's second statement, drops the triggers before any column goes.
--   * New columns have constant defaults, so no table is rewritten. The one pass over old leads is the backfill; on a
--     table of millions under load `switchyard migrate --online` does it in small steps beforehand.

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Whoever queues behind a lock that this file waits for waits no longer than a second.
    PERFORM set_config('lock_timeout', CASE WHEN setting::int BETWEEN 1 AND 1000 THEN setting ELSE '1000' END, false)
        FROM pg_catalog.pg_settings WHERE name = 'lock_timeout';
    IF to_regclass('public.leads') IS NULL OR to_regprocedure('switchyard.visible_workspaces()') IS NULL THEN
        RAISE EXCEPTION 'The base schema is missing.'
            USING ERRCODE = 'undefined_table',
                HINT = 'Apply 20260101000001_supabase_compatibility.sql and 20260101000002_base_schema.sql first.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_collation WHERE collname = 'und-x-icu') THEN
        RAISE EXCEPTION 'This server was built without ICU, which lower-cases names the same way everywhere.'
            USING ERRCODE = 'feature_not_supported', HINT = 'Use a PostgreSQL built --with-icu, as all packaged ones are.';
    END IF;
END
$$;

-- 1. Identity ------------------------------------------------------------------------------------------------------
--
-- What makes two leads the same. The Swift side (RoutingRules) computes the same bytes; Tests/Fixtures/
-- identity-vectors.json is tested against both. "White space" is space, tab, LF, VT, FF, CR and U+00A0 throughout.
--
--   All kinds   trim white space; empty: no identity.
--   e-mail      NFC; lower case (below). Exactly one "@" with something on both sides and no white space, else none.
--               Domain googlemail.com becomes gmail.com; for gmail.com the local part loses everything from the first
--               "+" and all dots; if nothing is left: none.
--   phone       Cut off an extension: one of x, #, ext, ext., ;ext= (any case), optional white space, digits, at the
--               end. Drop every "(0)". Keep ASCII digits. Drop one leading "00". If 11 digits with a leading 1, drop
--               the 1. 7 to 15 digits that are not all the same, else none.
--   company     NFC; lower case. "&" becomes " and "; . ' and ’ go; every other ASCII punctuation mark becomes a
--               space; runs of white space become one space; trim. While the last of several words is one of inc
--               incorporated llc ltd limited corp corporation co company gmbh ag sa sarl srl spa plc bv nv oy ab as pty
--               kg llp lp, drop it. Empty, or one of "n a", na, none, null, nil, unknown, tbd, "no company",
--               "not applicable", "not available", "not provided": none, for that is how forms spell an empty field.
--   lower case  Each code point by itself, full mapping, no context and no language: "Σ" is always "σ", "İ" is "i̇".
--   identity    sha256 of the UTF-8 bytes of kind, ":", normalised value: the kind is inside, so that a phone is never
--               taken for a company.
-- A lead claims its e-mail and its phone; the company name only if it has neither. The first is its strongest.

CREATE OR REPLACE FUNCTION switchyard.lower_by_character(p_text text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    IF octet_length(p_text) = length(p_text) THEN
        RETURN lower(p_text COLLATE "C");
    END IF;
    RETURN (
        SELECT string_agg(lower(c.ch COLLATE "und-x-icu"), '' ORDER BY c.place)
        FROM pg_catalog.regexp_split_to_table(p_text, '') WITH ORDINALITY c (ch, place)
    );
END
$$;
COMMENT ON FUNCTION switchyard.lower_by_character(text) IS 'Lower case of each code point by itself; the same as Swift''s scalar mapping.';

CREATE OR REPLACE FUNCTION switchyard.normalised_identity(p_kind text, p_value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
DECLARE
    c_space constant text := E' \t\n\x0b\x0c\r\u00a0';
    c_legal constant text[] := ARRAY['inc', 'incorporated', 'llc', 'ltd', 'limited', 'corp', 'corporation', 'co',
        'company', 'gmbh', 'ag', 'sa', 'sarl', 'srl', 'spa', 'plc', 'bv', 'nv', 'oy', 'ab', 'as', 'pty', 'kg', 'llp', 'lp'];
    c_blank constant text[] := ARRAY['', 'n a', 'na', 'none', 'null', 'nil', 'unknown', 'tbd', 'no company', 'not applicable',
        'not available', 'not provided'];
    v text := btrim(p_value, c_space);
    v_local text;
    v_domain text;
    v_words text[];
BEGIN
    IF v IS NULL OR v = '' THEN
        RETURN NULL;
    END IF;

    IF p_kind = 'phone' THEN
        v := regexp_replace(v, '(x|#|ext|ext\.|;ext=)[ \t\n\x0b\x0c\r\u00a0]*[0-9]+$', '', 'i');
        v := regexp_replace(replace(v, '(0)', ''), '[^0-9]', '', 'g');
        IF v LIKE '00%' THEN
            v := substr(v, 3);
        END IF;
        IF length(v) = 11 AND v LIKE '1%' THEN
            v := substr(v, 2);
        END IF;
        IF length(v) < 7 OR length(v) > 15 OR v = repeat(left(v, 1), length(v)) THEN
            RETURN NULL;
        END IF;
        RETURN v;
    END IF;

    IF octet_length(v) <> length(v) THEN
        v := normalize(v, NFC);
    END IF;
    v := switchyard.lower_by_character(v);

    IF p_kind = 'email' THEN
        IF translate(v, c_space, '') <> v OR length(v) - length(replace(v, '@', '')) <> 1 THEN
            RETURN NULL;
        END IF;
        v_local := split_part(v, '@', 1);
        v_domain := split_part(v, '@', 2);
        IF v_domain = 'googlemail.com' THEN
            v_domain := 'gmail.com';
        END IF;
        IF v_domain = 'gmail.com' THEN
            v_local := replace(split_part(v_local, '+', 1), '.', '');
        END IF;
        IF v_local = '' OR v_domain = '' THEN
            RETURN NULL;
        END IF;
        RETURN v_local || '@' || v_domain;
    END IF;

    IF p_kind = 'company' THEN
        v := translate(replace(v, '&', ' and '), E'.\'\u2019', '');
        v := translate(v, E'!"#$%()*+,-/:;<=>?@[\\]^_`{|}~\t\n\x0b\x0c\r\u00a0', repeat(' ', 40));
        v_words := array_remove(string_to_array(v, ' '), '');
        WHILE cardinality(v_words) > 1 AND v_words[cardinality(v_words)] = ANY (c_legal) LOOP
            v_words := trim_array(v_words, 1);
        END LOOP;
        v := array_to_string(v_words, ' ');
        RETURN CASE WHEN v <> ALL (c_blank) THEN v END;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.normalised_identity(text, text) IS 'E-mail, phone or company in the form that duplicates are recognised by; NULL when it identifies nobody.';

CREATE OR REPLACE FUNCTION switchyard.lead_identity(p_kind text, p_value text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    RETURN sha256(convert_to(p_kind || ':' || switchyard.normalised_identity(p_kind, p_value), 'UTF8'));
END
$$;
COMMENT ON FUNCTION switchyard.lead_identity(text, text) IS 'The 32 bytes by which duplicates are recognised, or NULL.';

CREATE OR REPLACE FUNCTION switchyard.lead_claims(p_email text, p_phone text, p_company_name text) RETURNS bytea[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
DECLARE
    v_claims bytea[] := array_remove(
        ARRAY[switchyard.lead_identity('email', p_email), switchyard.lead_identity('phone', p_phone)], NULL);
BEGIN
    IF cardinality(v_claims) = 0 THEN
        v_claims := array_remove(ARRAY[switchyard.lead_identity('company', p_company_name)], NULL);
    END IF;
    RETURN v_claims;
END
$$;
COMMENT ON FUNCTION switchyard.lead_claims(text, text, text) IS 'What a lead claims, the strongest first: e-mail and phone, or the company name when it has neither.';

CREATE OR REPLACE FUNCTION public.generate_dedupe_hash(p_email text, p_phone text, p_company_name text) RETURNS varchar(64)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    RETURN encode((switchyard.lead_claims(p_email, p_phone, p_company_name))[1], 'hex');
END
$$;
COMMENT ON FUNCTION public.generate_dedupe_hash(text, text, text) IS 'SHA-256 in hex of the strongest identity of a lead, or NULL when it has none.';

-- 2. Columns and status --------------------------------------------------------------------------------------------

DO $$
BEGIN
    CREATE TYPE public.lead_routing_status AS ENUM ('pending', 'routing', 'routed', 'failed', 'expired');
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    IF (SELECT count(*) FROM pg_catalog.pg_enum e WHERE e.enumtypid = to_regtype('public.lead_routing_status')
        AND e.enumlabel IN ('pending', 'routing', 'routed', 'failed', 'expired')) <> 5 THEN
        RAISE EXCEPTION 'The type lead_routing_status exists, but lacks states.'
            USING ERRCODE = 'datatype_mismatch',
                HINT = 'ALTER TYPE lead_routing_status ADD VALUE … until it has pending, routing, routed, failed, expired.';
    END IF;
END
$$;
COMMENT ON TYPE public.lead_routing_status IS 'pending → routing → routed; routing → pending | failed; pending | failed → expired; failed → pending by an operator.';

-- Old leads with a workspace are routed, the others are pending. The constant default says the first without touching
-- a row; then the few without a workspace are set, and only then does the default become what new leads start with.
-- When the column is there already, only what it lacks is filled.
DO $$
DECLARE
    v_type text := (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = 'public.leads'::regclass AND a.attname = 'routing_status' AND NOT a.attisdropped);
BEGIN
    IF v_type IS NULL THEN
        ALTER TABLE public.leads ADD COLUMN routing_status public.lead_routing_status NOT NULL DEFAULT 'routed';
        UPDATE public.leads SET routing_status = 'pending' WHERE workspace_id IS NULL;
    ELSIF to_regtype(v_type) <> to_regtype('public.lead_routing_status') THEN
        RAISE EXCEPTION 'leads.routing_status is %, and should be lead_routing_status.', v_type
            USING ERRCODE = 'datatype_mismatch',
                HINT = 'ALTER TABLE leads ALTER COLUMN routing_status TYPE lead_routing_status USING routing_status::text::lead_routing_status;';
    ELSIF NOT (SELECT a.attnotnull FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = 'public.leads'::regclass AND a.attname = 'routing_status' AND NOT a.attisdropped) THEN
        UPDATE public.leads
        SET routing_status = CASE WHEN workspace_id IS NULL THEN 'pending' ELSE 'routed' END::public.lead_routing_status
        WHERE routing_status IS NULL;
        ALTER TABLE public.leads ALTER COLUMN routing_status SET NOT NULL;
    END IF;
    ALTER TABLE public.leads
        ALTER COLUMN routing_status SET DEFAULT 'pending',
        ADD COLUMN IF NOT EXISTS routing_locked_by uuid,
        ADD COLUMN IF NOT EXISTS routing_locked_at timestamptz,
        ADD COLUMN IF NOT EXISTS routing_attempts integer NOT NULL DEFAULT 0,
        ADD COLUMN IF NOT EXISTS routing_error text,
        ADD COLUMN IF NOT EXISTS routing_last_attempted_at timestamptz,
        ADD COLUMN IF NOT EXISTS dedupe_hash varchar(64),
        ADD COLUMN IF NOT EXISTS lead_expires_at timestamptz,
        ADD COLUMN IF NOT EXISTS matched_rule_id uuid,
        ADD COLUMN IF NOT EXISTS duplicate_of uuid,
        ADD COLUMN IF NOT EXISTS routed_at timestamptz;
    ALTER TABLE public.leads
        ALTER COLUMN routing_attempts SET DEFAULT 0,
        ALTER COLUMN lead_expires_at SET DEFAULT now() + interval '90 days';
END
$$;

COMMENT ON COLUMN public.leads.routing_status IS 'Where the lead stands; changed by the routing functions only.';
COMMENT ON COLUMN public.leads.routing_locked_by IS 'Fencing token of the attempt that holds the lead: new for every attempt.';
COMMENT ON COLUMN public.leads.routing_locked_at IS 'Since when; after five minutes the lock is stale and anyone may take it.';
COMMENT ON COLUMN public.leads.routing_attempts IS 'Attempts begun.';
COMMENT ON COLUMN public.leads.routing_error IS 'Why the last attempt did not assign it.';
COMMENT ON COLUMN public.leads.dedupe_hash IS 'SHA-256 in hex of the strongest identity; NULL: identifies nobody, and is never a duplicate.';
COMMENT ON COLUMN public.leads.lead_expires_at IS 'From then on a pending or failed lead is expired; a routed one never is.';
COMMENT ON COLUMN public.leads.matched_rule_id IS 'The rule that assigned it; NULL when none did.';
COMMENT ON COLUMN public.leads.duplicate_of IS 'The lead that came first, which may be another workspace''s.';
COMMENT ON COLUMN public.leads.routed_at IS 'When it was assigned.';

-- 3. Tables --------------------------------------------------------------------------------------------------------

DO $$
DECLARE
    v_kind "char";
BEGIN
    SELECT c.relkind INTO v_kind FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('public.lead_routing_logs');
    IF v_kind IS NOT NULL AND v_kind <> 'p' THEN
        RAISE EXCEPTION 'lead_routing_logs exists in another shape: it is not partitioned.'
            USING ERRCODE = 'duplicate_table', HINT = 'ALTER TABLE lead_routing_logs RENAME TO lead_routing_logs_before; then run this again.';
    END IF;
    IF to_regclass('public.lead_routing_queue') IS NOT NULL AND (SELECT count(*) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = to_regclass('public.lead_routing_queue') AND NOT a.attisdropped
        AND a.attname IN ('lead_id', 'workspace_id', 'attempt_number', 'next_retry_at', 'last_error', 'created_at')) <> 6 THEN
        RAISE EXCEPTION 'lead_routing_queue exists in another shape.'
            USING ERRCODE = 'duplicate_table', HINT = 'ALTER TABLE lead_routing_queue RENAME TO lead_routing_queue_before; then run this again.';
    END IF;
END
$$;

-- A queue row is there exactly as long as its lead is pending. Rows come and go quickly, so vacuum often.
CREATE TABLE IF NOT EXISTS public.lead_routing_queue (
    lead_id uuid PRIMARY KEY,
    workspace_id uuid,
    attempt_number integer NOT NULL DEFAULT 0,
    next_retry_at timestamptz NOT NULL DEFAULT now(),
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE public.lead_routing_queue IS 'Leads that wait: one row for each pending lead, none for any other.';
COMMENT ON COLUMN public.lead_routing_queue.workspace_id IS 'Whose lead it is; NULL for a lead without a workspace.';
COMMENT ON COLUMN public.lead_routing_queue.attempt_number IS 'Attempts so far; 0: never tried.';
COMMENT ON COLUMN public.lead_routing_queue.next_retry_at IS 'When it is due.';

-- By month, so that old months are dropped whole. The numbers are taken in blocks, and order rows of one session only.
CREATE TABLE IF NOT EXISTS public.lead_routing_logs (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 100),
    lead_id uuid NOT NULL,
    source_workspace_id uuid,
    destination_workspace_id uuid,
    matched_rule_id uuid,
    routing_result text NOT NULL CONSTRAINT lead_routing_logs_routing_result_check CHECK (routing_result IN
        ('success', 'unmatched', 'fallback', 'duplicate', 'retry', 'failed', 'expired', 'released', 'requeued')),
    reason text,
    error_message text,
    attempt integer,
    rule_set_version bigint,
    duplicate_of uuid,
    actor text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE public.lead_routing_logs IS 'What happened to each lead, and why. Append-only, for everyone.';
COMMENT ON COLUMN public.lead_routing_logs.source_workspace_id IS 'Where the lead came from.';
COMMENT ON COLUMN public.lead_routing_logs.destination_workspace_id IS 'Where it was put.';
COMMENT ON COLUMN public.lead_routing_logs.rule_set_version IS 'The rules it was decided under.';
COMMENT ON COLUMN public.lead_routing_logs.actor IS 'Who asked for it, where a person did.';
CREATE TABLE IF NOT EXISTS switchyard.lead_routing_logs_default PARTITION OF public.lead_routing_logs DEFAULT;

CREATE TABLE IF NOT EXISTS public.lead_identity_claims (
    identity bytea PRIMARY KEY CONSTRAINT lead_identity_claims_identity_check CHECK (octet_length(identity) = 32),
    lead_id uuid NOT NULL,
    workspace_id uuid,
    claimed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.lead_identity_claims IS 'Which lead has an identity: the primary key is what makes exactly one of two twins win.';
COMMENT ON COLUMN public.lead_identity_claims.workspace_id IS 'The source workspace of that lead.';

CREATE TABLE IF NOT EXISTS public.lead_attributions (
    lead_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    partner_id uuid,
    credited_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.lead_attributions IS 'Who is credited for a lead that was assigned: one lead, one credit.';
COMMENT ON COLUMN public.lead_attributions.workspace_id IS 'The source workspace.';

-- A partition for each month: this one and some ahead. Rows that no month has go to the default partition.
CREATE OR REPLACE FUNCTION switchyard.ensure_log_partitions(p_months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET lock_timeout = '2s'
AS $$
DECLARE
    v_month timestamp;
    v_name text;
    v_made integer := 0;
BEGIN
    FOR i IN 0 .. least(greatest(p_months_ahead, 0), 120) LOOP
        v_month := date_trunc('month', now() AT TIME ZONE 'UTC') + i * interval '1 month';
        v_name := 'lead_routing_logs_' || to_char(v_month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('switchyard.' || v_name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE switchyard.%I PARTITION OF public.lead_routing_logs FOR VALUES FROM (%L) TO (%L)',
                v_name, to_char(v_month, 'YYYY-MM-DD') || ' 00:00:00+00',
                to_char(v_month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
            EXECUTE format('ALTER TABLE switchyard.%I ENABLE ROW LEVEL SECURITY', v_name);
            EXECUTE format('REVOKE ALL ON switchyard.%I FROM PUBLIC, anon, authenticated', v_name);
            EXECUTE format('CREATE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.%I '
                'EXECUTE FUNCTION switchyard.refuse_log_change()', v_name);
            v_made := v_made + 1;
        EXCEPTION
            WHEN duplicate_table OR check_violation THEN
                NULL; -- made meanwhile, or its rows are in the default partition already and stay there
        END;
    END LOOP;
    RETURN v_made;
END
$$;
COMMENT ON FUNCTION switchyard.ensure_log_partitions(integer) IS 'Makes the log''s partitions for this month and some months ahead; returns how many it made.';

CREATE OR REPLACE FUNCTION switchyard.refuse_log_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RAISE EXCEPTION 'The routing log is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION switchyard.refuse_log_change() IS 'Keeps the routing log append-only, for everyone.';

CREATE OR REPLACE TRIGGER switchyard_keep_rows_as_they_are BEFORE UPDATE OR DELETE ON public.lead_routing_logs
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE OR REPLACE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON public.lead_routing_logs
    EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE OR REPLACE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.lead_routing_logs_default
    EXECUTE FUNCTION switchyard.refuse_log_change();
DO $$
BEGIN
    PERFORM switchyard.ensure_log_partitions(3);
END
$$;

-- 4. Backfill: expiry, source, duplicate hash, and the claims that go with it (the oldest lead wins) -----------------
--
-- Only rows that lack something are touched; a lead that has its hash has had its chance to claim.
WITH todo AS MATERIALIZED (
    SELECT l.id, l.workspace_id, l.source_workspace_id, l.created_at, l.routing_status, l.lead_expires_at,
        l.dedupe_hash IS NULL AND cardinality(c.claims) > 0 AS is_new, c.claims
    FROM public.leads l
    CROSS JOIN LATERAL (SELECT CASE WHEN l.dedupe_hash IS NULL
        THEN switchyard.lead_claims(l.email::text, l.phone::text, l.company_name::text) ELSE '{}' END AS claims) c
    WHERE l.lead_expires_at IS NULL
        OR (l.source_workspace_id IS NULL AND l.workspace_id IS NOT NULL)
        OR l.routing_attempts IS NULL
        OR (l.dedupe_hash IS NULL AND cardinality(c.claims) > 0)
), claimed AS (
    INSERT INTO public.lead_identity_claims (identity, lead_id, workspace_id)
    SELECT DISTINCT ON (i.identity) i.identity, t.id, coalesce(t.source_workspace_id, t.workspace_id)
    FROM todo t CROSS JOIN LATERAL unnest(t.claims) i (identity)
    WHERE t.is_new AND t.routing_status NOT IN ('failed', 'expired')
    ORDER BY i.identity, t.created_at, t.id
    ON CONFLICT DO NOTHING
)
UPDATE public.leads l
SET lead_expires_at = coalesce(l.lead_expires_at, coalesce(l.created_at, now()) + interval '90 days'),
    source_workspace_id = coalesce(l.source_workspace_id, l.workspace_id),
    routing_attempts = coalesce(l.routing_attempts, 0),
    dedupe_hash = CASE WHEN t.is_new THEN encode(t.claims[1], 'hex') ELSE l.dedupe_hash END
FROM todo t
WHERE l.id = t.id;

INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number)
SELECT l.id, l.workspace_id, l.routing_attempts FROM public.leads l
WHERE l.routing_status = 'pending'
ON CONFLICT DO NOTHING;

-- 5. Indexes -------------------------------------------------------------------------------------------------------

-- One that an interrupted CREATE INDEX CONCURRENTLY left behind is useless, and would be taken for the real one.
DO $$
DECLARE
    v_index regclass;
BEGIN
    FOR v_index IN
        SELECT i.indexrelid::regclass FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace
            AND c.relname IN ('idx_leads_routing_status', 'idx_leads_routing_locked', 'idx_leads_dedupe_hash',
                'idx_leads_expires_at', 'idx_routing_queue_retry')
    LOOP
        EXECUTE format('DROP INDEX %s', v_index);
    END LOOP;
END
$$;

-- The three partial ones hold only leads that still want something: one that arrives decided touches none of them.
CREATE INDEX IF NOT EXISTS idx_leads_routing_status ON public.leads (routing_status, created_at)
    WHERE routing_status IN ('pending', 'routing', 'failed');
CREATE INDEX IF NOT EXISTS idx_leads_routing_locked ON public.leads (routing_locked_at)
    WHERE routing_status = 'routing';
CREATE INDEX IF NOT EXISTS idx_leads_expires_at ON public.leads (lead_expires_at)
    WHERE routing_status IN ('pending', 'failed');
-- Asked for equality only, and a third of the size of a B-tree on 64 characters.
CREATE INDEX IF NOT EXISTS idx_leads_dedupe_hash ON public.leads USING hash (dedupe_hash);
CREATE INDEX IF NOT EXISTS idx_routing_queue_retry ON public.lead_routing_queue (next_retry_at);
CREATE INDEX IF NOT EXISTS idx_routing_logs_lead ON public.lead_routing_logs (lead_id);
CREATE INDEX IF NOT EXISTS idx_routing_logs_workspace ON public.lead_routing_logs (source_workspace_id, created_at);

-- 6. Who may see and do what ---------------------------------------------------------------------------------------

ALTER TABLE public.lead_routing_queue ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.lead_routing_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.lead_identity_claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.lead_attributions ENABLE ROW LEVEL SECURITY;
ALTER TABLE switchyard.lead_routing_logs_default ENABLE ROW LEVEL SECURITY;

-- Supabase grants everything on new tables to everybody: take it back, and give what is meant.
REVOKE ALL ON public.lead_routing_queue, public.lead_routing_logs, public.lead_identity_claims, public.lead_attributions,
    switchyard.lead_routing_logs_default FROM PUBLIC, anon, authenticated;
REVOKE ALL ON public.lead_routing_logs, switchyard.lead_routing_logs_default FROM service_role;
GRANT SELECT ON public.lead_routing_queue, public.lead_routing_logs, public.lead_attributions TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.lead_routing_queue, public.lead_identity_claims, public.lead_attributions TO service_role;
GRANT SELECT, INSERT ON public.lead_routing_logs TO service_role;

DO $$
DECLARE
    v_policy record;
BEGIN
    FOR v_policy IN
        SELECT * FROM (VALUES
            ('lead_routing_queue', 'workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))'),
            ('lead_routing_logs', 'source_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))'
                || ' OR destination_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))'),
            ('lead_attributions', 'workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))'),
            ('lead_identity_claims', NULL)
        ) p (table_name, visible)
    LOOP
        EXECUTE format('DROP POLICY IF EXISTS switchyard_service ON public.%I', v_policy.table_name);
        EXECUTE format('CREATE POLICY switchyard_service ON public.%I TO service_role USING (true) WITH CHECK (true)',
            v_policy.table_name);
        CONTINUE WHEN v_policy.visible IS NULL;
        EXECUTE format('DROP POLICY IF EXISTS switchyard_members ON public.%I', v_policy.table_name);
        EXECUTE format('CREATE POLICY switchyard_members ON public.%I FOR SELECT TO authenticated USING (%s)',
            v_policy.table_name, v_policy.visible);
    END LOOP;
END
$$;

-- 7. Triggers on leads ---------------------------------------------------------------------------------------------
--
-- For leads that other programs write. Our own functions announce themselves by switchyard.deciding = 'batch' around the
-- statement that writes leads, and keep the queue themselves, by sets. (A function-level SET of it would be tidier, but
-- only a superuser may create such a function, and on hosted servers nobody is one.) Each condition ends in a mention of
-- the queue's row type, which is always true: see the head of this file.

CREATE OR REPLACE FUNCTION switchyard.complete_lead_columns() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- Another person now: what the old one claimed is free.
        NEW.dedupe_hash := encode((switchyard.lead_claims(NEW.email::text, NEW.phone::text, NEW.company_name::text))[1], 'hex');
        DELETE FROM public.lead_identity_claims c WHERE c.lead_id = NEW.id;
        RETURN NEW;
    END IF;
    NEW.dedupe_hash := coalesce(NEW.dedupe_hash,
        encode((switchyard.lead_claims(NEW.email::text, NEW.phone::text, NEW.company_name::text))[1], 'hex'));
    NEW.source_workspace_id := coalesce(NEW.source_workspace_id, NEW.workspace_id);
    NEW.workspace_id := coalesce(NEW.workspace_id, NEW.source_workspace_id);
    NEW.lead_expires_at := coalesce(NEW.lead_expires_at, now() + interval '90 days');
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION switchyard.complete_lead_columns() IS 'Fills what a writer who knows nothing of routing leaves out.';

CREATE OR REPLACE FUNCTION switchyard.guard_lead_state() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_old text := OLD.routing_status::text;
    v_new text := NEW.routing_status::text;
BEGIN
    IF current_user IN ('anon', 'authenticated') THEN
        RAISE EXCEPTION 'Routing columns are written by the routing functions only.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF v_old = v_new
        OR (v_old = 'pending' AND v_new IN ('routing', 'expired'))
        OR (v_old = 'routing' AND v_new IN ('routed', 'pending', 'failed'))
        OR (v_old = 'failed' AND v_new IN ('expired', 'pending'))
        -- A batch that holds the row lock passes through routing inside its transaction, and writes only the end.
        OR (v_old = 'pending' AND v_new IN ('routed', 'failed')
            AND current_setting('switchyard.deciding', true) = 'batch') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A lead cannot go from % to %.', v_old, coalesce(v_new, 'no state')
        USING ERRCODE = 'check_violation', TABLE = 'leads', SCHEMA = 'public', COLUMN = 'routing_status';
END
$$;
COMMENT ON FUNCTION switchyard.guard_lead_state() IS 'Refuses every transition that the state machine does not have.';

CREATE OR REPLACE FUNCTION switchyard.follow_lead_state() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    IF TG_OP <> 'DELETE' AND NEW.routing_status = 'pending' THEN
        INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number)
        VALUES (NEW.id, NEW.workspace_id, coalesce(NEW.routing_attempts, 0))
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END IF;
    DELETE FROM public.lead_routing_queue q WHERE q.lead_id = OLD.id;
    IF TG_OP = 'DELETE' OR NEW.routing_status IN ('failed', 'expired') THEN
        DELETE FROM public.lead_identity_claims c WHERE c.lead_id = OLD.id;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.follow_lead_state() IS 'Keeps one queue row for each pending lead and none for others; ends claims with the lead.';

-- Needed to find the claims of a lead whose e-mail has changed since, or which is erased.
CREATE INDEX IF NOT EXISTS lead_identity_claims_lead ON public.lead_identity_claims (lead_id);

CREATE OR REPLACE TRIGGER switchyard_1_complete BEFORE INSERT ON public.leads
    FOR EACH ROW
    WHEN ((NEW.dedupe_hash IS NULL OR NEW.source_workspace_id IS NULL) AND NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.complete_lead_columns();

CREATE OR REPLACE TRIGGER switchyard_2_identity BEFORE UPDATE ON public.leads
    FOR EACH ROW
    WHEN (NEW.routing_status = 'pending'
        AND (OLD.email IS DISTINCT FROM NEW.email OR OLD.phone IS DISTINCT FROM NEW.phone
            OR OLD.company_name IS DISTINCT FROM NEW.company_name)
        AND NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.complete_lead_columns();

-- Named to run before the one that fills the hash for a user who edits an e-mail, which he may.
CREATE OR REPLACE TRIGGER switchyard_0_guard BEFORE UPDATE ON public.leads
    FOR EACH ROW
    WHEN ((OLD.routing_status IS DISTINCT FROM NEW.routing_status
            OR OLD.routing_locked_by IS DISTINCT FROM NEW.routing_locked_by
            OR OLD.routing_locked_at IS DISTINCT FROM NEW.routing_locked_at
            OR OLD.routing_attempts IS DISTINCT FROM NEW.routing_attempts
            OR OLD.routing_error IS DISTINCT FROM NEW.routing_error
            OR OLD.routing_last_attempted_at IS DISTINCT FROM NEW.routing_last_attempted_at
            OR OLD.dedupe_hash IS DISTINCT FROM NEW.dedupe_hash
            OR OLD.lead_expires_at IS DISTINCT FROM NEW.lead_expires_at
            OR OLD.source_workspace_id IS DISTINCT FROM NEW.source_workspace_id
            OR OLD.matched_rule_id IS DISTINCT FROM NEW.matched_rule_id
            OR OLD.duplicate_of IS DISTINCT FROM NEW.duplicate_of
            OR OLD.routed_at IS DISTINCT FROM NEW.routed_at)
        AND NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.guard_lead_state();

CREATE OR REPLACE TRIGGER switchyard_3_enqueue AFTER INSERT ON public.leads
    FOR EACH ROW
    WHEN (NEW.routing_status = 'pending'
        AND current_setting('switchyard.deciding', true) IS DISTINCT FROM 'batch'
        AND NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.follow_lead_state();

CREATE OR REPLACE TRIGGER switchyard_4_follow AFTER UPDATE ON public.leads
    FOR EACH ROW
    WHEN (OLD.routing_status IS DISTINCT FROM NEW.routing_status
        AND current_setting('switchyard.deciding', true) IS DISTINCT FROM 'batch'
        AND NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.follow_lead_state();

CREATE OR REPLACE TRIGGER switchyard_5_erase AFTER DELETE ON public.leads
    FOR EACH ROW
    WHEN (NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.follow_lead_state();

-- 8. One implementation of claiming, settling and locking ----------------------------------------------------------

CREATE OR REPLACE FUNCTION switchyard.retry_delay(p_attempt integer) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
    SELECT CASE WHEN p_attempt <= 1 THEN interval '1 minute' WHEN p_attempt = 2 THEN interval '5 minutes'
        WHEN p_attempt = 3 THEN interval '15 minutes' ELSE interval '1 hour' END
$$;
COMMENT ON FUNCTION switchyard.retry_delay(integer) IS 'How long a lead waits after its nth failed attempt: 1, 5, 15, 60 minutes.';

-- The batch functions below take arrays, and a planner that counts their elements plans every call anew, which costs a
-- single lead five times what it takes to run: one plan, along indexes, for every size.

-- Claims come first in every writer, in the order of their bytes: two batches that share identities wait for each
-- other in one direction only, and the primary key makes exactly one of them the winner. Within a batch the lead that
-- stands first wins. A loser keeps none of its other claims. A lead that lost to one that has itself lost is to be
-- decided again: whom it is a duplicate of cannot be said yet.
CREATE OR REPLACE FUNCTION switchyard.claim_identities(
    p_lead_id uuid[], p_source uuid[], p_claim_1 bytea[], p_claim_2 bytea[]
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_wanted bigint := cardinality(array_remove(p_claim_1, NULL)) + cardinality(array_remove(p_claim_2, NULL));
    v_got bigint;
BEGIN
    INSERT INTO public.lead_identity_claims (identity, lead_id, workspace_id)
    SELECT DISTINCT ON (c.identity) c.identity, c.id, c.source
    FROM (
        SELECT u.identity, u.id, u.source, u.ord FROM unnest(p_claim_1, p_lead_id, p_source) WITH ORDINALITY u (identity, id, source, ord)
        WHERE u.identity IS NOT NULL
        UNION ALL
        SELECT u.identity, u.id, u.source, u.ord FROM unnest(p_claim_2, p_lead_id, p_source) WITH ORDINALITY u (identity, id, source, ord)
        WHERE u.identity IS NOT NULL
    ) c
    ORDER BY c.identity, c.ord
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_got = ROW_COUNT;
    IF v_got = v_wanted THEN
        RETURN;
    END IF;

    -- A new statement, so it sees what whoever we waited for has committed.
    RETURN QUERY
    WITH mine AS MATERIALIZED (
        SELECT u.ord, u.id, 1 AS strength, u.identity FROM unnest(p_lead_id, p_claim_1) WITH ORDINALITY u (id, identity, ord)
        WHERE u.identity IS NOT NULL
        UNION ALL
        SELECT u.ord, u.id, 2, u.identity FROM unnest(p_lead_id, p_claim_2) WITH ORDINALITY u (id, identity, ord)
        WHERE u.identity IS NOT NULL
    ), lost AS MATERIALIZED (
        SELECT m.ord, m.id, m.strength, c.lead_id AS holder
        FROM mine m LEFT JOIN public.lead_identity_claims c ON c.identity = m.identity
        WHERE c.lead_id IS DISTINCT FROM m.id
    ), withdrawn AS (
        DELETE FROM public.lead_identity_claims c USING mine m
        WHERE c.identity = m.identity AND c.lead_id = m.id AND m.id IN (SELECT l.id FROM lost l)
    )
    SELECT DISTINCT ON (l.ord) l.ord::integer,
        CASE WHEN k.holder IS NULL THEN 'again' ELSE 'duplicate' END, k.holder
    FROM lost l
    LEFT JOIN lost k ON k.ord = l.ord AND k.strength = l.strength AND k.holder IS NOT NULL
        AND k.holder NOT IN (SELECT o.id FROM lost o)
    ORDER BY l.ord, k.holder IS NULL, l.strength;
END
$$;
COMMENT ON FUNCTION switchyard.claim_identities(uuid[], uuid[], bytea[], bytea[]) IS 'Claims identities for a batch of leads; returns only those that lost: duplicate, or again.';

-- Ends an attempt for leads that the caller holds: pending ones by row lock (p_owner NULL), or routing ones by their
-- written lock (p_owner is the fencing token). Every lead is written once, and every lead gets an outcome:
-- routed, duplicate, pending (to be tried again), failed, again (nothing written), refused (not the caller's).
CREATE OR REPLACE FUNCTION switchyard.settle_leads(
    p_rule_set_version bigint, p_lead_id uuid[], p_destination uuid[], p_rule uuid[], p_result text[], p_reason text[],
    p_error text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_max_attempts integer, p_owner uuid
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_ord integer[];
    v_id uuid[];
    v_source uuid[];
    v_destination uuid[];
    v_rule uuid[];
    v_result text[];
    v_reason text[];
    v_error text[];
    v_hash text[];
    v_claim_1 bytea[];
    v_claim_2 bytea[];
    v_attempt integer[];
    v_duplicate_of uuid[];
    v_lost_ord integer[];
    v_lost_outcome text[];
    v_lost_to uuid[];
BEGIN
    -- What is really held, and what its result can be. The source is read here, before anything is written.
    WITH held AS MATERIALIZED (
        SELECT l.id, l.source_workspace_id, l.dedupe_hash, coalesce(l.routing_attempts, 0) AS attempts,
            CASE WHEN p_owner IS NOT NULL THEN switchyard.lead_claims(l.email::text, l.phone::text, l.company_name::text) END AS claims
        FROM public.leads l
        WHERE l.id = ANY (p_lead_id)
            AND CASE WHEN p_owner IS NULL THEN l.routing_status = 'pending'
                ELSE l.routing_status = 'routing' AND l.routing_locked_by = p_owner END
        ORDER BY l.id
        FOR UPDATE
    ), wanted AS (
        SELECT u.ord::integer AS ord, h.id, h.source_workspace_id AS source, u.rule, u.reason, u.error,
            coalesce(u.hash, encode(h.claims[1], 'hex'), h.dedupe_hash) AS hash,
            CASE WHEN u.result = 'unmatched' AND p_owner IS NULL THEN h.source_workspace_id ELSE u.destination END AS destination,
            CASE WHEN u.result <> 'decided' THEN u.result
                WHEN u.rule IS NOT NULL OR u.destination IS DISTINCT FROM h.source_workspace_id THEN 'success'
                ELSE 'unmatched' END AS result,
            CASE WHEN p_owner IS NULL THEN u.claim_1 ELSE h.claims[1] END AS claim_1,
            CASE WHEN p_owner IS NULL THEN u.claim_2 ELSE h.claims[2] END AS claim_2,
            h.attempts + (p_owner IS NULL)::integer AS attempt
        FROM (
            -- A lead that is named twice is taken once.
            SELECT DISTINCT ON (n.id) n.*
            FROM unnest(p_lead_id, p_destination, p_rule, p_result, p_reason, p_error, p_dedupe_hash, p_claim_1, p_claim_2)
                WITH ORDINALITY n (id, destination, rule, result, reason, error, hash, claim_1, claim_2, ord)
            ORDER BY n.id, n.ord
        ) u
        JOIN held h ON h.id = u.id
    ), possible AS (
        SELECT w.*, CASE WHEN w.result IN ('retry', 'failed') THEN NULL
            WHEN w.result IN ('success', 'fallback', 'unmatched') AND EXISTS (SELECT FROM public.workspaces d
                WHERE d.id = w.destination AND d.deleted_at IS NULL
                    AND (d.is_active OR (w.result = 'unmatched' AND p_owner IS NULL))) THEN NULL
            WHEN w.destination IS NULL THEN 'There is no workspace that the lead could go to or stay in.'
            ELSE 'The destination workspace does not exist, is closed, or is not active.' END AS obstacle
        FROM wanted w
    ), final AS (
        SELECT p.*, CASE WHEN (p.obstacle IS NOT NULL OR p.result = 'retry') AND p.attempt >= p_max_attempts THEN 'failed'
            WHEN p.obstacle IS NOT NULL THEN 'retry' ELSE p.result END AS end_result
        FROM possible p
    )
    SELECT array_agg(f.ord), array_agg(f.id), array_agg(f.source), array_agg(f.destination),
        array_agg(CASE WHEN f.end_result IN ('success', 'unmatched', 'fallback') THEN f.rule END), array_agg(f.end_result),
        array_agg(coalesce(f.obstacle, f.reason)),
        array_agg(CASE WHEN f.end_result IN ('retry', 'failed') THEN coalesce(f.obstacle, f.error, f.reason) END),
        array_agg(f.hash),
        array_agg(CASE WHEN f.end_result IN ('success', 'unmatched', 'fallback') OR (f.end_result = 'retry' AND p_owner IS NULL)
            THEN f.claim_1 END),
        array_agg(CASE WHEN f.end_result IN ('success', 'unmatched', 'fallback') OR (f.end_result = 'retry' AND p_owner IS NULL)
            THEN f.claim_2 END),
        array_agg(f.attempt)
    INTO v_ord, v_id, v_source, v_destination, v_rule, v_result, v_reason, v_error, v_hash, v_claim_1, v_claim_2, v_attempt
    FROM final f;

    -- Held leads come in any order; claims are numbered by their place among the held.
    IF v_id IS NOT NULL THEN
        SELECT array_agg(c.ordinal), array_agg(c.outcome), array_agg(c.duplicate_of) INTO v_lost_ord, v_lost_outcome, v_lost_to
        FROM switchyard.claim_identities(v_id, v_source, v_claim_1, v_claim_2) c;
    END IF;
    IF v_lost_ord IS NOT NULL THEN
        -- A lead without a workspace of its own cannot be kept there: it fails.
        SELECT array_agg(CASE WHEN x.outcome IS NULL THEN u.result WHEN x.outcome = 'duplicate' AND u.source IS NULL THEN 'failed'
                ELSE x.outcome END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.destination ELSE u.source END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.rule END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.reason ELSE 'The same lead was here before.' END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.error WHEN u.source IS NULL
                THEN 'The same lead was here before, and this one has no workspace to stay in.' END ORDER BY u.ord),
            array_agg(x.lost_to ORDER BY u.ord)
        INTO v_result, v_destination, v_rule, v_reason, v_error, v_duplicate_of
        FROM unnest(v_result, v_source, v_destination, v_rule, v_reason, v_error)
            WITH ORDINALITY u (result, source, destination, rule, reason, error, ord)
        LEFT JOIN unnest(v_lost_ord, v_lost_outcome, v_lost_to) x (ord, outcome, lost_to) ON x.ord = u.ord;
    END IF;

    PERFORM set_config('switchyard.deciding', 'batch', true);
    UPDATE public.leads l
    SET routing_status = CASE u.result WHEN 'retry' THEN 'pending' WHEN 'failed' THEN 'failed' ELSE 'routed' END::public.lead_routing_status,
        workspace_id = CASE WHEN u.result IN ('retry', 'failed') THEN l.workspace_id ELSE u.destination END,
        matched_rule_id = u.rule,
        duplicate_of = u.lost_to,
        routed_at = CASE WHEN u.result IN ('retry', 'failed') THEN NULL ELSE v_now END,
        routing_attempts = u.attempt,
        routing_error = u.error,
        routing_last_attempted_at = v_now,
        routing_locked_by = NULL,
        routing_locked_at = NULL,
        dedupe_hash = u.hash,
        updated_at = v_now
    FROM unnest(v_id, v_destination, v_rule, v_result, v_error, v_hash, v_attempt, v_duplicate_of)
        u (id, destination, rule, result, error, hash, attempt, lost_to)
    WHERE l.id = u.id AND u.result <> 'again';
    PERFORM set_config('switchyard.deciding', '', true);

    DELETE FROM public.lead_routing_queue q USING unnest(v_id, v_result) u (id, result)
    WHERE q.lead_id = u.id AND u.result NOT IN ('retry', 'again');

    IF 'retry' = ANY (v_result) THEN
        INSERT INTO public.lead_routing_queue AS q (lead_id, workspace_id, attempt_number, next_retry_at, last_error)
        SELECT u.id, l.workspace_id, u.attempt, v_now + switchyard.retry_delay(u.attempt), u.error
        FROM unnest(v_id, v_result, v_attempt, v_error) u (id, result, attempt, error)
        JOIN public.leads l ON l.id = u.id
        WHERE u.result = 'retry'
        ORDER BY u.id
        ON CONFLICT (lead_id) DO UPDATE SET attempt_number = excluded.attempt_number, next_retry_at = excluded.next_retry_at,
            last_error = excluded.last_error;
    END IF;
    IF 'failed' = ANY (v_result) THEN
        DELETE FROM public.lead_identity_claims c USING unnest(v_id, v_result) u (id, result)
        WHERE c.lead_id = u.id AND u.result = 'failed';
    END IF;

    INSERT INTO public.lead_attributions (lead_id, workspace_id, partner_id)
    SELECT u.id, u.source, coalesce(l.partner_id, (SELECT p.id FROM public.partners p WHERE p.workspace_id = u.source
        ORDER BY p.is_active DESC, p.created_at, p.id LIMIT 1))
    FROM unnest(v_id, v_source, v_result) u (id, source, result)
    JOIN public.leads l ON l.id = u.id
    WHERE u.result IN ('success', 'fallback') AND u.source IS NOT NULL
    ON CONFLICT DO NOTHING;

    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id,
        routing_result, reason, error_message, attempt, rule_set_version, duplicate_of, created_at)
    SELECT u.id, u.source, CASE WHEN u.result NOT IN ('retry', 'failed') THEN u.destination END, u.rule, u.result, u.reason,
        u.error, u.attempt, p_rule_set_version, u.lost_to, v_now
    FROM unnest(v_id, v_source, v_destination, v_rule, v_result, v_reason, v_error, v_attempt, v_duplicate_of)
        u (id, source, destination, rule, result, reason, error, attempt, lost_to)
    WHERE u.result <> 'again';

    RETURN QUERY
    SELECT w.ord::integer, CASE WHEN u.result IS NULL THEN 'refused' WHEN u.result IN ('success', 'unmatched', 'fallback') THEN 'routed'
        WHEN u.result = 'retry' THEN 'pending' ELSE u.result END, u.lost_to
    FROM unnest(p_lead_id) WITH ORDINALITY w (id, ord)
    LEFT JOIN unnest(v_ord, v_result, v_duplicate_of) u (ord, result, lost_to) ON u.ord = w.ord
    ORDER BY w.ord;
END
$$;
COMMENT ON FUNCTION switchyard.settle_leads(bigint, uuid[], uuid[], uuid[], text[], text[], text[], text[], bytea[], bytea[], integer, uuid)
    IS 'Ends an attempt for a batch of held leads: the one implementation beneath settle_claimed, complete_routings and fail_routings.';

CREATE OR REPLACE FUNCTION switchyard.acquire_routing_locks(p_lead_ids uuid[], p_lock_owner uuid) RETURNS SETOF uuid
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_taken uuid[];
BEGIN
    IF p_lock_owner IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('switchyard.deciding', 'batch', true);
    -- A stale lock may be taken by anyone, unless attempts are used up: then the clean-up fails the lead.
    WITH free AS MATERIALIZED (
        SELECT l.id FROM public.leads l
        WHERE l.id = ANY (p_lead_ids)
            AND (l.routing_status = 'pending'
                OR (l.routing_status = 'routing' AND l.routing_attempts < 5
                    AND (l.routing_locked_at IS NULL OR l.routing_locked_at < v_now - interval '5 minutes')))
            AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
        ORDER BY l.id
        FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE public.leads l
        SET routing_status = 'routing', routing_locked_by = p_lock_owner, routing_locked_at = v_now,
            routing_attempts = coalesce(l.routing_attempts, 0) + 1, routing_last_attempted_at = v_now, updated_at = v_now
        FROM free f WHERE l.id = f.id
        RETURNING l.id
    )
    SELECT array_agg(t.id) INTO v_taken FROM taken t;
    PERFORM set_config('switchyard.deciding', '', true);
    DELETE FROM public.lead_routing_queue q WHERE q.lead_id = ANY (v_taken);
    RETURN QUERY SELECT unnest(v_taken);
END
$$;
COMMENT ON FUNCTION switchyard.acquire_routing_locks(uuid[], uuid) IS 'Locks what can be locked of these leads, and returns it. The owner is a fencing token: new for every attempt.';

CREATE OR REPLACE FUNCTION switchyard.complete_routings(
    p_lead_ids uuid[], p_destination_workspace_ids uuid[], p_matched_rule_ids uuid[], p_lock_owner uuid
) RETURNS TABLE (lead_id uuid, outcome text)
LANGUAGE plpgsql SET search_path = ''
AS $$
#variable_conflict use_column
BEGIN
    IF p_lock_owner IS NULL THEN
        RETURN QUERY SELECT u.id, 'refused'::text FROM unnest(p_lead_ids) u (id);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT p_lead_ids[s.ordinal], s.outcome
    FROM switchyard.settle_leads(NULL, p_lead_ids, p_destination_workspace_ids, p_matched_rule_ids,
        array_fill('decided'::text, ARRAY[cardinality(p_lead_ids)]), NULL, NULL, NULL, NULL, NULL, 5, p_lock_owner) s;
END
$$;
COMMENT ON FUNCTION switchyard.complete_routings(uuid[], uuid[], uuid[], uuid) IS 'Assigns locked leads. Outcome of each: routed, duplicate, pending or failed (destination not there), again, refused (lock lost).';

CREATE OR REPLACE FUNCTION switchyard.fail_routings(
    p_lead_ids uuid[], p_error_messages text[], p_lock_owner uuid, p_max_attempts integer DEFAULT 5
) RETURNS TABLE (lead_id uuid, outcome text)
LANGUAGE plpgsql SET search_path = ''
AS $$
#variable_conflict use_column
BEGIN
    IF p_lock_owner IS NULL THEN
        RETURN QUERY SELECT u.id, 'refused'::text FROM unnest(p_lead_ids) u (id);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT p_lead_ids[s.ordinal], s.outcome
    FROM switchyard.settle_leads(NULL, p_lead_ids, NULL, NULL, array_fill('retry'::text, ARRAY[cardinality(p_lead_ids)]),
        NULL, p_error_messages, NULL, NULL, NULL, coalesce(p_max_attempts, 5), p_lock_owner) s;
END
$$;
COMMENT ON FUNCTION switchyard.fail_routings(uuid[], text[], uuid, integer) IS 'Ends the attempt on locked leads: pending again after 1, 5, 15, 60 minutes, or failed. Outcome of each: pending, failed, refused.';

-- 9. The functions of the guide --------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION public.acquire_routing_lock(p_lead_id uuid, p_lock_owner uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM switchyard.acquire_routing_locks(ARRAY[p_lead_id], p_lock_owner));
END
$$;
COMMENT ON FUNCTION public.acquire_routing_lock(uuid, uuid) IS 'Locks a pending lead, or one whose lock is older than five minutes, for five minutes. p_lock_owner: new for every attempt. False: somebody else has it, or it is not to be had.';

CREATE OR REPLACE FUNCTION public.complete_routing(
    p_lead_id uuid, p_destination_workspace_id uuid, p_matched_rule_id uuid, p_lock_owner uuid
) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_outcome text;
BEGIN
    SELECT c.outcome INTO v_outcome
    FROM switchyard.complete_routings(ARRAY[p_lead_id], ARRAY[p_destination_workspace_id], ARRAY[p_matched_rule_id], p_lock_owner) c;
    RETURN v_outcome = 'routed' OR (v_outcome = 'duplicate' AND EXISTS (
        SELECT FROM public.leads l WHERE l.id = p_lead_id AND l.workspace_id = p_destination_workspace_id));
END
$$;
COMMENT ON FUNCTION public.complete_routing(uuid, uuid, uuid, uuid) IS 'Assigns a lead that the caller has locked. True: it is in that workspace now. False: the lock is another''s by now, the workspace is not there (a failed attempt), or the lead is a duplicate and stays where it came from.';

CREATE OR REPLACE FUNCTION public.fail_routing(
    p_lead_id uuid, p_error_message text, p_lock_owner uuid, p_max_attempts integer DEFAULT 5
) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM switchyard.fail_routings(ARRAY[p_lead_id], ARRAY[p_error_message], p_lock_owner, p_max_attempts) f
        WHERE f.outcome <> 'refused'
    );
END
$$;
COMMENT ON FUNCTION public.fail_routing(uuid, text, uuid, integer) IS 'Ends the attempt on a lead that the caller has locked: it waits 1, 5, 15, 60 minutes, or is failed for good. False: the lock is another''s by now.';

CREATE OR REPLACE FUNCTION public.release_stale_routing_locks() RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_id uuid[];
    v_source uuid[];
    v_workspace uuid[];
    v_attempt integer[];
    v_failed boolean[];
BEGIN
    PERFORM set_config('switchyard.deciding', 'batch', true);
    WITH stale AS MATERIALIZED (
        SELECT l.id FROM public.leads l
        WHERE l.routing_status = 'routing' AND (l.routing_locked_at IS NULL OR l.routing_locked_at < v_now - interval '5 minutes')
        ORDER BY l.id
        FOR UPDATE SKIP LOCKED
    ), released AS (
        UPDATE public.leads l
        SET routing_status = CASE WHEN l.routing_attempts >= 5 THEN 'failed' ELSE 'pending' END::public.lead_routing_status,
            routing_locked_by = NULL, routing_locked_at = NULL, updated_at = v_now,
            routing_error = 'The attempt did not end within five minutes.'
        FROM stale s WHERE l.id = s.id
        RETURNING l.id, l.source_workspace_id, l.workspace_id, l.routing_attempts, l.routing_status = 'failed' AS has_failed
    )
    SELECT array_agg(r.id), array_agg(r.source_workspace_id), array_agg(r.workspace_id), array_agg(r.routing_attempts),
        array_agg(r.has_failed)
    INTO v_id, v_source, v_workspace, v_attempt, v_failed
    FROM released r;
    PERFORM set_config('switchyard.deciding', '', true);
    IF v_id IS NULL THEN
        RETURN 0;
    END IF;

    -- Due at once, or nobody would ever pick them up.
    INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number, next_retry_at, last_error)
    SELECT u.id, u.workspace, u.attempt, v_now, 'The attempt did not end within five minutes.'
    FROM unnest(v_id, v_workspace, v_attempt, v_failed) u (id, workspace, attempt, has_failed)
    WHERE NOT u.has_failed
    ORDER BY u.id
    ON CONFLICT (lead_id) DO UPDATE SET next_retry_at = excluded.next_retry_at;
    DELETE FROM public.lead_identity_claims c USING unnest(v_id, v_failed) u (id, has_failed)
    WHERE c.lead_id = u.id AND u.has_failed;
    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, error_message, attempt, created_at)
    SELECT u.id, u.source, CASE WHEN u.has_failed THEN 'failed' ELSE 'released' END, 'The lock was older than five minutes.',
        'The attempt did not end within five minutes.', u.attempt, v_now
    FROM unnest(v_id, v_source, v_attempt, v_failed) u (id, source, attempt, has_failed);
    RETURN cardinality(v_id);
END
$$;
COMMENT ON FUNCTION public.release_stale_routing_locks() IS 'Makes leads whose lock is older than five minutes pending and due again, or failed when attempts are used up; returns how many.';

CREATE OR REPLACE FUNCTION public.mark_expired_leads() RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_id uuid[];
BEGIN
    PERFORM set_config('switchyard.deciding', 'batch', true);
    WITH due AS MATERIALIZED (
        SELECT l.id FROM public.leads l
        WHERE l.routing_status IN ('pending', 'failed') AND l.lead_expires_at <= v_now
        ORDER BY l.id
        FOR UPDATE SKIP LOCKED
    ), expired AS (
        UPDATE public.leads l
        SET routing_status = 'expired', routing_locked_by = NULL, routing_locked_at = NULL, updated_at = v_now
        FROM due d WHERE l.id = d.id
        RETURNING l.id, l.source_workspace_id, l.routing_attempts
    ), logged AS (
        INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, attempt, created_at)
        SELECT e.id, e.source_workspace_id, 'expired', 'The lead was not assigned before it expired.', e.routing_attempts, v_now
        FROM expired e
    )
    SELECT array_agg(e.id) INTO v_id FROM expired e;
    PERFORM set_config('switchyard.deciding', '', true);
    DELETE FROM public.lead_routing_queue q WHERE q.lead_id = ANY (v_id);
    DELETE FROM public.lead_identity_claims c WHERE c.lead_id = ANY (v_id);
    RETURN coalesce(cardinality(v_id), 0);
END
$$;
COMMENT ON FUNCTION public.mark_expired_leads() IS 'Expires pending and failed leads that are past lead_expires_at; returns how many.';

CREATE OR REPLACE FUNCTION public.check_cross_partner_duplicate(p_dedupe_hash varchar, p_source_workspace_id uuid)
RETURNS TABLE (duplicate_lead_id uuid, duplicate_workspace_id uuid, created_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = ''
AS $$
#variable_conflict use_column
BEGIN
    IF p_dedupe_hash !~ '^[0-9a-fA-F]{64}$' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT c.lead_id, c.workspace_id, coalesce(l.created_at::timestamptz, c.claimed_at)
    FROM public.lead_identity_claims c
    LEFT JOIN public.leads l ON l.id = c.lead_id
    WHERE c.identity = decode(p_dedupe_hash, 'hex') AND c.workspace_id IS DISTINCT FROM p_source_workspace_id;
END
$$;
COMMENT ON FUNCTION public.check_cross_partner_duplicate(varchar, uuid) IS 'The lead of another source workspace that has this identity, if there is one.';

-- 10. Who may run them: service_role, and the owner -------------------------------------------------------------------

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE (p.pronamespace = 'public'::regnamespace AND p.proname IN ('acquire_routing_lock', 'complete_routing', 'fail_routing',
                'release_stale_routing_locks', 'generate_dedupe_hash', 'check_cross_partner_duplicate', 'mark_expired_leads'))
            OR (p.pronamespace = 'switchyard'::regnamespace
                AND p.proname NOT IN ('visible_workspaces', 'acting_workspace'))
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
END
$$;

DO $$
BEGIN
    PERFORM set_config('lock_timeout', current_setting('switchyard.lock_timeout_before'), false);
END
$$;
