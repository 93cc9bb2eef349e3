-- Lead routing: state machine, retry queue, identity claims, audit log, and the seven functions of the migration guide.
--
-- Rules that this file keeps:
--   * Safe to run again, whole or after a run that stopped half way; plain statements, no BEGIN or COMMIT of its own.
--   * The rollback printed in the guide succeeds on this schema and leaves a table that leads can be inserted into. Hence no function
--     signature, view, generated column or index expression uses the enum or a function of the guide, and each trigger on leads
--     names the row type of lead_routing_queue in its WHEN condition: dropping that table with CASCADE, which is the rollback's
--     second statement, drops the triggers before any column is dropped.
--   * New columns have constant defaults, so no table is rewritten. The one pass over existing leads is the backfill; for a table
--     of millions of leads under load `switchyard migrate up --online` does it in small steps beforehand.
--   * Tables and functions have their final form here, even if only later migrations fill them.
--   * The guide prints \i with this file alone, and psql goes on after an error. If the base schema is missing, the session is
--     made read-only until the end of the file, so that nothing of it takes effect.

DO $$
BEGIN
    PERFORM set_config('switchyard.read_only_before', current_setting('default_transaction_read_only'), false);
    IF to_regclass('public.leads') IS NULL OR to_regprocedure('switchyard.visible_workspaces()') IS NULL THEN
        PERFORM set_config('default_transaction_read_only', 'on', false);
    END IF;
END
$$;

DO $$
BEGIN
    PERFORM set_config('switchyard.lock_timeout_before', current_setting('lock_timeout'), false);
    -- Writers queue behind a lock that this file waits for, so it waits a second at most.
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

-- 1. Identity -------------------------------------------------------------------------------------------------------

-- What makes two leads the same.
--
-- Swift (RoutingRules) computes the same bytes; Tests/Fixtures/identity-vectors.json is tested against both. "White space" is space,
-- tab, LF, VT, FF, CR and U+00A0 throughout.
--
--   All kinds   trim white space; empty: no identity.
--   email       NFC; lower case (below). Exactly one "@" with text on both sides and no white space, else none. Domain
--               googlemail.com becomes gmail.com; for gmail.com the local part loses everything from the first "+" and all
--               dots; if nothing is left: none.
--   phone       Remove an extension: one of x, #, ext, ext., ;ext= (any case), optional white space, digits, at the end. Remove
--               every "(0)". Keep ASCII digits. Remove one leading "00". If 11 digits begin with 1, remove the 1. 7 to 15 digits
--               that are not all the same, else none.
--   company     NFC; lower case. "&" becomes " and "; . ' and ’ are removed; every other ASCII punctuation mark becomes a space;
--               runs of white space become one space; trim. While the last of several words is one of inc incorporated llc ltd
--               limited corp corporation co company gmbh ag sa sarl srl spa plc bv nv oy ab as pty kg llp lp, remove it. Empty,
--               or one of "n a", na, none, null, nil, unknown, tbd, "no company", "not applicable", "not available",
--               "not provided": none, because that is how forms spell an empty field.
--   lower case  Each code point by itself, full mapping, no context and no language: "Σ" is always "σ", "İ" is "i̇".
--   identity    sha256 of the UTF-8 bytes of kind, ":", normalised value: the kind is included, so that a phone number never equals
--               a company name.
--
-- A lead claims its email and its phone; the company name only if it has neither. The first of them is its strongest identity.

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
COMMENT ON FUNCTION switchyard.lower_by_character(text) IS
    'Lower case of each code point by itself; gives the same result as Swift''s scalar mapping.';

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
COMMENT ON FUNCTION switchyard.normalised_identity(text, text) IS
    'Email, phone or company name in the form by which duplicates are recognised; NULL if the value cannot serve as an identity.';

CREATE OR REPLACE FUNCTION switchyard.lead_identity(p_kind text, p_value text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    RETURN sha256(convert_to(p_kind || ':' || switchyard.normalised_identity(p_kind, p_value), 'UTF8'));
END
$$;
COMMENT ON FUNCTION switchyard.lead_identity(text, text) IS
    'The 32-byte digest by which duplicates are recognised, or NULL.';

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
COMMENT ON FUNCTION switchyard.lead_claims(text, text, text) IS
    'The identities a lead claims, strongest first: email and phone, or the company name when it has neither.';

CREATE OR REPLACE FUNCTION public.generate_dedupe_hash(p_email text, p_phone text, p_company_name text) RETURNS varchar(64)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    RETURN encode((switchyard.lead_claims(p_email, p_phone, p_company_name))[1], 'hex');
END
$$;
COMMENT ON FUNCTION public.generate_dedupe_hash(text, text, text) IS
    'SHA-256 in hex of the strongest identity of a lead; NULL when it has none.';

-- 2. Columns and status ---------------------------------------------------------------------------------------------

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
COMMENT ON TYPE public.lead_routing_status IS 'pending → routing → routed; routing → pending | failed; pending | failed → expired; failed → pending, and routed → pending if no rule had matched, by an operator.';

-- Existing leads with a workspace become routed, the others pending. The constant default makes them routed without touching a row;
-- then the few without a workspace are updated, and only then the default becomes the state of new leads. If the column exists
-- already, only missing values are filled.
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
        ADD COLUMN IF NOT EXISTS routed_at timestamptz,
        ADD COLUMN IF NOT EXISTS assignee_id uuid,
        ADD COLUMN IF NOT EXISTS erased_at timestamptz;
    ALTER TABLE public.leads
        ALTER COLUMN routing_attempts SET DEFAULT 0,
        ALTER COLUMN lead_expires_at SET DEFAULT now() + interval '90 days';
END
$$;

COMMENT ON COLUMN public.leads.routing_status IS 'The state of the lead; changed by the routing functions only.';
COMMENT ON COLUMN public.leads.routing_locked_by IS 'Fencing token of the attempt that holds the lead: new for every attempt.';
COMMENT ON COLUMN public.leads.routing_locked_at IS 'When the lead was locked; after five minutes the lock is stale and any caller may take it.';
COMMENT ON COLUMN public.leads.routing_attempts IS 'Number of attempts that have begun.';
COMMENT ON COLUMN public.leads.routing_error IS 'Why the last attempt did not assign the lead.';
COMMENT ON COLUMN public.leads.dedupe_hash IS 'SHA-256 in hex of the strongest identity; NULL: the lead has no identity and is never a duplicate.';
COMMENT ON COLUMN public.leads.lead_expires_at IS 'From this time on a pending or failed lead is expired; a routed lead never expires.';
COMMENT ON COLUMN public.leads.matched_rule_id IS 'The rule that assigned the lead; NULL if none did.';
COMMENT ON COLUMN public.leads.duplicate_of IS 'The lead that came first; it may belong to another workspace.';
COMMENT ON COLUMN public.leads.routed_at IS 'When the lead was assigned.';
COMMENT ON COLUMN public.leads.assignee_id IS 'The person of its workspace to whom the lead was given (workspace_assignees).';
COMMENT ON COLUMN public.leads.erased_at IS 'When the personal data of the lead was erased; the rest of the row stays.';

-- 3. Tables ---------------------------------------------------------------------------------------------------------

DO $$
DECLARE
    v_kind "char";
BEGIN
    SELECT c.relkind INTO v_kind FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('public.lead_routing_logs');
    IF v_kind IS NOT NULL AND v_kind <> 'p' THEN
        RAISE EXCEPTION 'lead_routing_logs exists, but is not partitioned.'
            USING ERRCODE = 'duplicate_table', HINT = 'ALTER TABLE lead_routing_logs RENAME TO lead_routing_logs_before; then run this again.';
    END IF;
    IF to_regclass('public.lead_routing_queue') IS NOT NULL AND (SELECT count(*) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = to_regclass('public.lead_routing_queue') AND NOT a.attisdropped
        AND a.attname IN ('lead_id', 'workspace_id', 'attempt_number', 'next_retry_at', 'last_error', 'created_at', 'waiting_for')) <> 7 THEN
        RAISE EXCEPTION 'lead_routing_queue exists, but lacks columns that Switchyard needs.'
            USING ERRCODE = 'duplicate_table', HINT = 'ALTER TABLE lead_routing_queue RENAME TO lead_routing_queue_before; then run this again.';
    END IF;
END
$$;

-- Rows come and go quickly, so the table is vacuumed often.
CREATE TABLE IF NOT EXISTS public.lead_routing_queue (
    lead_id uuid PRIMARY KEY,
    workspace_id uuid,
    attempt_number integer NOT NULL DEFAULT 0,
    next_retry_at timestamptz NOT NULL DEFAULT now(),
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    waiting_for uuid
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE public.lead_routing_queue IS 'Leads that wait: one row for each pending lead, none for any other.';
COMMENT ON COLUMN public.lead_routing_queue.workspace_id IS 'The workspace of the lead; NULL for a lead without one.';
COMMENT ON COLUMN public.lead_routing_queue.attempt_number IS 'Attempts so far; 0: never tried.';
COMMENT ON COLUMN public.lead_routing_queue.next_retry_at IS 'When the lead is due.';
COMMENT ON COLUMN public.lead_routing_queue.waiting_for IS 'The rule whose destinations were full or closed. Such a row is due at infinity, and is claimed when they can receive leads again.';

-- Partitioned by month, so that old months can be dropped as a whole. Ids are taken in blocks, and order the rows of one session only.
CREATE TABLE IF NOT EXISTS public.lead_routing_logs (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 100),
    lead_id uuid NOT NULL,
    source_workspace_id uuid,
    destination_workspace_id uuid,
    matched_rule_id uuid,
    routing_result text NOT NULL CONSTRAINT lead_routing_logs_routing_result_check CHECK (routing_result IN ('success', 'unmatched',
        'fallback', 'duplicate', 'retry', 'failed', 'expired', 'released', 'requeued', 'waiting', 'returned')),
    reason text,
    error_message text,
    attempt integer,
    rule_set_version bigint,
    duplicate_of uuid,
    actor text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE public.lead_routing_logs IS 'What happened to each lead, and why. Append-only, for every role.';
COMMENT ON COLUMN public.lead_routing_logs.source_workspace_id IS 'The workspace that sent the lead.';
COMMENT ON COLUMN public.lead_routing_logs.destination_workspace_id IS 'The workspace that received the lead.';
COMMENT ON COLUMN public.lead_routing_logs.rule_set_version IS 'The version of the rules under which the lead was decided.';
COMMENT ON COLUMN public.lead_routing_logs.actor IS 'The person who requested it, if there was one.';

CREATE TABLE IF NOT EXISTS switchyard.lead_routing_logs_default PARTITION OF public.lead_routing_logs DEFAULT;

CREATE TABLE IF NOT EXISTS public.lead_identity_claims (
    identity bytea NOT NULL CONSTRAINT lead_identity_claims_identity_check CHECK (octet_length(identity) = 32),
    lead_id uuid NOT NULL,
    workspace_id uuid,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    -- The primary key serves logical replication, which identifies rows by one. The claims of a lead are stored side by side, and at
    -- the end of the index, because ids begin with the time.
    CONSTRAINT lead_identity_claims_of_lead PRIMARY KEY (lead_id, identity)
);
-- Makes exactly one of two duplicates win. An identity is a digest and falls on a random page of this index, and the first change of
-- a page after a checkpoint writes all of it to the log; so the index is kept small. 15 bytes of SHA-256 tell people apart as well as
-- 32 do (the odds that two of ten billion share them are below 1 in 10^16), and with their length they are 16, the size to which an
-- index entry is rounded up.
CREATE UNIQUE INDEX IF NOT EXISTS lead_identity_claims_identity ON public.lead_identity_claims (substring(identity FROM 1 FOR 15));
COMMENT ON TABLE public.lead_identity_claims IS 'Which lead holds each identity: the unique index on its first 15 bytes lets exactly one of two duplicates win.';
COMMENT ON COLUMN public.lead_identity_claims.workspace_id IS 'The source workspace of that lead.';

-- The primary key lets a lead be credited once.
CREATE TABLE IF NOT EXISTS public.lead_attributions (
    lead_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    partner_id uuid,
    credited_at timestamptz NOT NULL DEFAULT now(),
    returned_at timestamptz
);
COMMENT ON TABLE public.lead_attributions IS 'Which partner is credited for a lead that was assigned: one lead, one credit.';
COMMENT ON COLUMN public.lead_attributions.workspace_id IS 'The source workspace of the lead.';
COMMENT ON COLUMN public.lead_attributions.returned_at IS 'When the destination returned the lead.';

-- The exception is erasure: the owner of the table, who alone may write it, may remove text from the rows of an erased
-- lead.
CREATE OR REPLACE FUNCTION switchyard.refuse_log_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME LIKE 'lead\_routing\_logs%' THEN
        IF coalesce(NEW.reason, '(erased)') IN ('(erased)', OLD.reason)
            AND coalesce(NEW.error_message, '(erased)') IN ('(erased)', OLD.error_message)
            AND coalesce(NEW.metadata, '{}') - 'counted' <@ coalesce(OLD.metadata, '{}')
            AND to_jsonb(NEW) - '{reason,error_message,metadata}'::text[] = to_jsonb(OLD) - '{reason,error_message,metadata}'::text[]
            AND EXISTS (SELECT FROM public.leads l WHERE l.id = OLD.lead_id AND l.erased_at IS NOT NULL) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The routing log is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION switchyard.refuse_log_change() IS
    'Keeps the routing log append-only for every role; only text in the rows of an erased lead may be removed.';

CREATE OR REPLACE TRIGGER switchyard_keep_rows_as_they_are BEFORE UPDATE OR DELETE ON public.lead_routing_logs
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE OR REPLACE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON public.lead_routing_logs
    EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE OR REPLACE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.lead_routing_logs_default
    EXECUTE FUNCTION switchyard.refuse_log_change();

-- One partition for each month: the current month and some ahead. Rows of any other month go to the default partition.
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
            EXECUTE format('ALTER TABLE switchyard.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_name);
            EXECUTE format('CREATE POLICY switchyard_service ON switchyard.%I TO service_role USING (true) WITH CHECK (true)', v_name);
            EXECUTE format('REVOKE ALL ON switchyard.%I FROM PUBLIC, anon, authenticated', v_name);
            EXECUTE format('CREATE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.%I '
                'EXECUTE FUNCTION switchyard.refuse_log_change()', v_name);
            v_made := v_made + 1;
        EXCEPTION
            WHEN duplicate_table OR check_violation THEN
                NULL; -- another session created it, or its rows are in the default partition already and stay there
        END;
    END LOOP;
    RETURN v_made;
END
$$;
COMMENT ON FUNCTION switchyard.ensure_log_partitions(integer) IS
    'Creates the partitions of the log for this month and the months ahead; returns how many it created.';

DO $$
BEGIN
    PERFORM switchyard.ensure_log_partitions(3);
END
$$;

-- 4. Backfill: expiry, source, duplicate hash, and the claims that go with it (the oldest lead wins) ----------------

-- Only rows that lack something are updated; a lead that already has a hash makes no new claim.
WITH next_leads AS MATERIALIZED (
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
    FROM next_leads t CROSS JOIN LATERAL unnest(t.claims) i (identity)
    WHERE t.is_new AND t.routing_status NOT IN ('failed', 'expired')
    ORDER BY i.identity, t.created_at, t.id
    ON CONFLICT DO NOTHING
)
UPDATE public.leads l
SET lead_expires_at = coalesce(l.lead_expires_at, coalesce(l.created_at, now()) + interval '90 days'),
    source_workspace_id = coalesce(l.source_workspace_id, l.workspace_id),
    routing_attempts = coalesce(l.routing_attempts, 0),
    dedupe_hash = CASE WHEN t.is_new THEN encode(t.claims[1], 'hex') ELSE l.dedupe_hash END
FROM next_leads t
WHERE l.id = t.id;

INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number)
SELECT l.id, l.workspace_id, l.routing_attempts FROM public.leads l
WHERE l.routing_status = 'pending'
ON CONFLICT DO NOTHING;

-- 5. Indexes --------------------------------------------------------------------------------------------------------

-- An invalid index, left by an interrupted CREATE INDEX CONCURRENTLY, is useless, and IF NOT EXISTS would accept it.
DO $$
DECLARE
    v_index regclass;
BEGIN
    FOR v_index IN
        SELECT i.indexrelid::regclass FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace
            AND c.relname IN ('idx_leads_routing_status', 'idx_leads_routing_locked', 'idx_leads_dedupe_hash',
                'idx_leads_expires_at', 'idx_routing_queue_retry', 'lead_routing_queue_retries', 'lead_routing_queue_turns',
                'lead_routing_queue_waiters', 'lead_identity_claims_identity')
    LOOP
        EXECUTE format('DROP INDEX %s', v_index);
    END LOOP;
END
$$;

-- The three partial indexes hold only leads that are not settled: a lead that arrives decided touches none of them.
CREATE INDEX IF NOT EXISTS idx_leads_routing_status ON public.leads (routing_status, created_at)
    WHERE routing_status IN ('pending', 'routing', 'failed');
CREATE INDEX IF NOT EXISTS idx_leads_routing_locked ON public.leads (routing_locked_at)
    WHERE routing_status = 'routing';
CREATE INDEX IF NOT EXISTS idx_leads_expires_at ON public.leads (lead_expires_at)
    WHERE routing_status IN ('pending', 'failed');
-- Searched for equality only; a hash index has a third of the size of a B-tree on 64 characters.
CREATE INDEX IF NOT EXISTS idx_leads_dedupe_hash ON public.leads USING hash (dedupe_hash);
CREATE INDEX IF NOT EXISTS idx_routing_queue_retry ON public.lead_routing_queue (next_retry_at);
-- Holds little, and lets routing_health count retries without reading new leads.
CREATE INDEX IF NOT EXISTS lead_routing_queue_retries ON public.lead_routing_queue (next_retry_at) WHERE attempt_number > 0;
-- New leads and retries are claimed separately, so that a backlog of one does not hold up the other; in each, the oldest due lead of
-- every source is found without reading the leads of others.
CREATE INDEX IF NOT EXISTS lead_routing_queue_turns ON public.lead_routing_queue
    ((attempt_number > 0), coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'), next_retry_at);
-- The oldest lead that waits for a rule, by source, without reading the others.
CREATE INDEX IF NOT EXISTS lead_routing_queue_waiters ON public.lead_routing_queue
    (waiting_for, coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'), created_at) WHERE waiting_for IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_routing_logs_lead ON public.lead_routing_logs (lead_id);
CREATE INDEX IF NOT EXISTS idx_routing_logs_workspace ON public.lead_routing_logs (source_workspace_id, created_at);
-- Both serve routing_health; the second holds little.
CREATE INDEX IF NOT EXISTS lead_routing_logs_created ON public.lead_routing_logs (created_at);
CREATE INDEX IF NOT EXISTS lead_routing_logs_expired ON public.lead_routing_logs (created_at) WHERE routing_result = 'expired';

-- 6. Who may see and do what ----------------------------------------------------------------------------------------

-- Supabase grants everything on new tables to every role: revoke it, and grant what is meant.
ALTER TABLE public.lead_identity_claims ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.lead_identity_claims FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.lead_identity_claims TO service_role;
DROP POLICY IF EXISTS switchyard_service ON public.lead_identity_claims;
CREATE POLICY switchyard_service ON public.lead_identity_claims TO service_role USING (true) WITH CHECK (true);

ALTER TABLE public.lead_routing_queue ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.lead_routing_queue FROM PUBLIC, anon, authenticated;
GRANT SELECT ON public.lead_routing_queue TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.lead_routing_queue TO service_role;
DROP POLICY IF EXISTS switchyard_service ON public.lead_routing_queue;
CREATE POLICY switchyard_service ON public.lead_routing_queue TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_members ON public.lead_routing_queue;
CREATE POLICY switchyard_members ON public.lead_routing_queue FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));

-- No role but the owner, not even service_role, may change or delete rows; the triggers below stop the owner too.
ALTER TABLE public.lead_routing_logs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE switchyard.lead_routing_logs_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.lead_routing_logs, switchyard.lead_routing_logs_default FROM PUBLIC, anon, authenticated, service_role;
-- Texts, the earlier lead of a duplicate and the state of capacity are written for each reader by the server: a policy cannot hide a column.
GRANT SELECT (id, lead_id, source_workspace_id, destination_workspace_id, matched_rule_id, routing_result, attempt,
    rule_set_version, created_at) ON public.lead_routing_logs TO authenticated;
GRANT SELECT, INSERT ON public.lead_routing_logs TO service_role;
DROP POLICY IF EXISTS switchyard_service ON public.lead_routing_logs;
CREATE POLICY switchyard_service ON public.lead_routing_logs TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_service ON switchyard.lead_routing_logs_default;
CREATE POLICY switchyard_service ON switchyard.lead_routing_logs_default TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_members ON public.lead_routing_logs;
CREATE POLICY switchyard_members ON public.lead_routing_logs FOR SELECT TO authenticated
    USING (source_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces()))
        OR destination_workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));

ALTER TABLE public.lead_attributions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.lead_attributions FROM PUBLIC, anon, authenticated;
GRANT SELECT ON public.lead_attributions TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.lead_attributions TO service_role;
DROP POLICY IF EXISTS switchyard_service ON public.lead_attributions;
CREATE POLICY switchyard_service ON public.lead_attributions TO service_role USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS switchyard_members ON public.lead_attributions;
CREATE POLICY switchyard_members ON public.lead_attributions FOR SELECT TO authenticated
    USING (workspace_id = ANY (ARRAY(SELECT switchyard.visible_workspaces())));

-- 7. Triggers on leads ----------------------------------------------------------------------------------------------

-- They serve leads that other programs write. Switchyard's own functions set switchyard.deciding = 'batch' around the statement that
-- writes leads, for that transaction, and maintain the queue themselves, a batch at a time. (A SET clause on those functions would be
-- tidier, but only a superuser may create such a function, and hosted servers do not grant that role.)
--
-- Each trigger names the row type of lead_routing_queue in its WHEN condition, in an expression that is always true. The rollback
-- printed in the guide drops that table with CASCADE in its second statement, and so drops these triggers before it drops the columns
-- they use.

-- Only the log tells an unmatched lead from one that was routed before rules existed, or that was returned. OFFSET 0 keeps
-- the planner on the index by lead.
CREATE OR REPLACE FUNCTION switchyard.is_unmatched(p_lead_id uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = ''
AS $$
    SELECT coalesce((SELECT g.routing_result FROM (SELECT * FROM public.lead_routing_logs g WHERE g.lead_id = p_lead_id OFFSET 0) g
        ORDER BY g.created_at DESC, g.id DESC LIMIT 1) = 'unmatched', false)
$$;
COMMENT ON FUNCTION switchyard.is_unmatched(uuid) IS
    'Whether the newest log row of a lead says that no rule matched it.';

CREATE OR REPLACE FUNCTION switchyard.complete_lead_columns() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- The lead is another person now, so release the claims of the old one.
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
COMMENT ON FUNCTION switchyard.complete_lead_columns() IS
    'Fills the routing columns that a program unaware of routing leaves empty.';

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
        -- A batch that holds the row lock passes through routing inside its transaction and writes only the final
        -- state.
        OR (v_old = 'pending' AND v_new IN ('routed', 'failed')
            AND current_setting('switchyard.deciding', true) = 'batch') THEN
        RETURN NEW;
    END IF;
    -- A lead that no rule matched and that its source keeps was assigned to no other workspace: requeue_lead may queue
    -- it again.
    IF v_old = 'routed' AND v_new = 'pending' AND current_setting('switchyard.deciding', true) = 'batch'
        AND OLD.workspace_id = OLD.source_workspace_id AND NEW.workspace_id = OLD.workspace_id
        AND OLD.matched_rule_id IS NULL AND OLD.duplicate_of IS NULL AND switchyard.is_unmatched(OLD.id) THEN
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
COMMENT ON FUNCTION switchyard.follow_lead_state() IS
    'Keeps one queue row for each pending lead and none for other leads; deletes the claims of leads that fail, expire or are deleted.';

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
-- Named to run before switchyard_2_identity, which fills the hash when a user edits an email address.
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

-- 8. One implementation of claiming, settling and locking -----------------------------------------------------------

-- Never shorter than the guide prints, and up to a tenth longer, so that leads which failed together do not return
-- together.
CREATE OR REPLACE FUNCTION switchyard.retry_delay(p_attempt integer) RETURNS interval
LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = ''
AS $$
    SELECT (1 + random() / 10) * CASE WHEN p_attempt <= 1 THEN interval '1 minute' WHEN p_attempt = 2 THEN interval '5 minutes'
        WHEN p_attempt = 3 THEN interval '15 minutes' ELSE interval '1 hour' END
$$;
COMMENT ON FUNCTION switchyard.retry_delay(integer) IS
    'How long a lead waits after its nth failed attempt: 1, 5, 15 or 60 minutes, plus up to a tenth.';

-- Every writer of leads keeps the invariant "one queue row for each pending lead". This repairs what a restored backup,
-- a disabled trigger or a session in replica mode has broken.
CREATE OR REPLACE FUNCTION switchyard.enqueue_orphans(p_limit integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_count integer;
BEGIN
    DELETE FROM public.lead_routing_queue q
    WHERE q.lead_id = ANY (ARRAY(
        SELECT o.lead_id FROM public.lead_routing_queue o
        WHERE NOT EXISTS (SELECT FROM public.leads l WHERE l.id = o.lead_id AND l.routing_status = 'pending')
        ORDER BY o.lead_id
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED))
        AND NOT EXISTS (SELECT FROM public.leads l WHERE l.id = q.lead_id AND l.routing_status = 'pending');
    INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number)
    SELECT l.id, l.workspace_id, coalesce(l.routing_attempts, 0) FROM public.leads l
    WHERE l.routing_status = 'pending'
        AND NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = l.id)
    ORDER BY l.id
    LIMIT p_limit
    FOR UPDATE OF l SKIP LOCKED
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION switchyard.enqueue_orphans(integer) IS
    'Inserts a queue row for each pending lead that has none, and deletes queue rows without a pending lead; returns how many leads it queued.';

-- Sends nothing while leads are waiting already: nodes that have work do not sleep, and a commit with a notification
-- takes a lock that all such commits share. Waiting leads are looked for among those due two to three seconds ago,
-- because a scan from the front of the queue would pass over every row deleted since the last vacuum, for each batch.
-- Nodes poll all the same.
CREATE OR REPLACE FUNCTION switchyard.hint_waiting() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    IF EXISTS (SELECT FROM arrived a WHERE a.next_retry_at <= v_now)
        AND NOT EXISTS (SELECT FROM public.lead_routing_queue q
            WHERE q.next_retry_at > v_now - interval '3 seconds' AND q.next_retry_at < v_now - interval '2 seconds') THEN
        PERFORM pg_notify('switchyard_waiting', '');
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION switchyard.hint_waiting() IS 'Notifies idle nodes that leads have entered the queue.';

CREATE OR REPLACE TRIGGER switchyard_hint AFTER INSERT ON public.lead_routing_queue
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION switchyard.hint_waiting();

-- Every writer inserts claims first, in the order of their bytes, so two batches that share identities wait for each
-- other in one direction only, and the unique index lets exactly one of them win. Within a batch the first lead wins. A
-- lead that loses one identity keeps none of its other claims. A lead that lost to one that has itself lost must be
-- decided again, because it is not known yet which lead it duplicates.
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

    -- A new statement, so that it sees what the transaction we waited for has committed.
    RETURN QUERY
    WITH mine AS MATERIALIZED (
        SELECT u.ord, u.id, 1 AS strength, substring(u.identity FROM 1 FOR 15) AS key FROM unnest(p_lead_id, p_claim_1) WITH ORDINALITY u (id, identity, ord)
        WHERE u.identity IS NOT NULL
        UNION ALL
        SELECT u.ord, u.id, 2, substring(u.identity FROM 1 FOR 15) FROM unnest(p_lead_id, p_claim_2) WITH ORDINALITY u (id, identity, ord)
        WHERE u.identity IS NOT NULL
    ), lost AS MATERIALIZED (
        SELECT m.ord, m.id, m.strength, c.lead_id AS holder
        FROM mine m LEFT JOIN public.lead_identity_claims c ON substring(c.identity FROM 1 FOR 15) = m.key
        WHERE c.lead_id IS DISTINCT FROM m.id
    ), withdrawn AS (
        DELETE FROM public.lead_identity_claims c USING mine m
        WHERE substring(c.identity FROM 1 FOR 15) = m.key AND c.lead_id = m.id AND m.id IN (SELECT l.id FROM lost l)
    )
    SELECT DISTINCT ON (l.ord) l.ord::integer,
        CASE WHEN k.holder IS NULL THEN 'again' ELSE 'duplicate' END, k.holder
    FROM lost l
    LEFT JOIN lost k ON k.ord = l.ord AND k.strength = l.strength AND k.holder IS NOT NULL
        AND k.holder NOT IN (SELECT o.id FROM lost o)
    ORDER BY l.ord, k.holder IS NULL, l.strength;
END
$$;
COMMENT ON FUNCTION switchyard.claim_identities(uuid[], uuid[], bytea[], bytea[]) IS
    'Claims identities for a batch of leads; returns only the leads that lost, with outcome duplicate or again.';

-- Ends an attempt for leads that the caller holds. The one implementation beneath settle_held, complete_routings and
-- fail_routings.
--
-- p_owner NULL: the leads are pending and held by row lock; otherwise p_owner is the fencing token of their written
-- lock. Every lead is written once and gets an outcome: routed, duplicate, pending (retried later, or waiting for
-- capacity), failed, again (not written) or refused (not held by the caller). p_assignee, p_waiting_for and
-- p_log_metadata may be NULL.
--
-- Workspaces and partners are looked up once per batch. Leads are read and locked along their primary key in the order
-- of their ids; random_page_cost makes index probes cheap, so that a plan made while a table is nearly empty does not
-- read all of it later.
CREATE OR REPLACE FUNCTION switchyard.settle_decided(
    p_rule_set_version bigint, p_lead_id uuid[], p_destination uuid[], p_rule uuid[], p_result text[], p_reason text[],
    p_error text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_max_attempts integer, p_owner uuid,
    p_assignee uuid[], p_waiting_for uuid[], p_log_metadata text[]
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET enable_hashjoin = off SET enable_bitmapscan = off SET random_page_cost = 0.01 SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    c_assigned constant text[] := ARRAY['success', 'unmatched', 'fallback'];
    v_now timestamptz := clock_timestamp();
    v_ord integer[];
    v_id uuid[];
    v_source uuid[];
    v_partner uuid[];
    v_destination uuid[];
    v_rule uuid[];
    v_result text[];
    v_reason text[];
    v_error text[];
    v_hash text[];
    v_claim_1 bytea[];
    v_claim_2 bytea[];
    v_attempt integer[];
    v_assignee uuid[];
    v_waiting_for uuid[];
    v_metadata text[];
    v_duplicate_of uuid[];
    v_gone uuid[];
    v_inactive uuid[];
    v_suspended uuid[];
    v_credited uuid[];
    v_credit uuid[];
    v_lost_ord integer[];
    v_lost_outcome text[];
    v_lost_to uuid[];
BEGIN
    -- Lock the leads the caller really holds, before anything is written. A lead that is named twice is taken once.
    SELECT array_agg(h.ord), array_agg(h.id), array_agg(h.source), array_agg(h.partner), array_agg(h.destination),
        array_agg(h.rule), array_agg(h.result), array_agg(h.reason), array_agg(h.error),
        array_agg(coalesce(h.hash, encode(h.claims[1], 'hex'), h.dedupe_hash)),
        array_agg(CASE WHEN p_owner IS NULL THEN h.claim_1 ELSE h.claims[1] END),
        array_agg(CASE WHEN p_owner IS NULL THEN h.claim_2 ELSE h.claims[2] END),
        -- Waiting for capacity uses no attempt.
        array_agg(h.attempts + (p_owner IS NULL AND h.result <> 'waiting')::integer), array_agg(h.assignee),
        array_agg(h.waiting_for), array_agg(h.metadata)
    INTO v_ord, v_id, v_source, v_partner, v_destination, v_rule, v_result, v_reason, v_error, v_hash, v_claim_1, v_claim_2,
        v_attempt, v_assignee, v_waiting_for, v_metadata
    FROM (
        SELECT u.ord::integer AS ord, l.id, l.source_workspace_id AS source, l.partner_id AS partner,
            CASE WHEN u.result = 'unmatched' AND p_owner IS NULL THEN l.source_workspace_id ELSE u.destination END AS destination,
            u.rule, u.reason, u.error, u.hash, u.claim_1, u.claim_2, u.assignee, u.waiting_for, u.metadata, l.dedupe_hash,
            CASE WHEN u.result <> 'decided' THEN u.result
                WHEN u.rule IS NOT NULL OR u.destination IS DISTINCT FROM l.source_workspace_id THEN 'success'
                ELSE 'unmatched' END AS result,
            coalesce(l.routing_attempts, 0) AS attempts,
            CASE WHEN p_owner IS NOT NULL THEN switchyard.lead_claims(l.email::text, l.phone::text, l.company_name::text) END AS claims
        FROM (
            SELECT DISTINCT ON (n.id) n.*
            FROM unnest(p_lead_id, p_destination, p_rule, p_result, p_reason, p_error, p_dedupe_hash, p_claim_1, p_claim_2,
                p_assignee, p_waiting_for, p_log_metadata)
                WITH ORDINALITY n (id, destination, rule, result, reason, error, hash, claim_1, claim_2, assignee, waiting_for,
                    metadata, ord)
            ORDER BY n.id, n.ord
        ) u
        CROSS JOIN LATERAL (
            SELECT * FROM public.leads l
            WHERE l.id = u.id AND CASE WHEN p_owner IS NULL THEN l.routing_status = 'pending'
                ELSE l.routing_status = 'routing' AND l.routing_locked_by = p_owner END
            FOR UPDATE
        ) l
    ) h;

    IF v_id IS NOT NULL THEN
        -- Destinations that cannot receive a lead, those that can only keep their own leads, and suspended destinations and
        -- sources.
        SELECT array_agg(d.id) FILTER (WHERE d.receives AND (w.id IS NULL OR w.deleted_at IS NOT NULL)),
            array_agg(d.id) FILTER (WHERE d.receives AND w.deleted_at IS NULL AND NOT w.is_active),
            array_agg(d.id) FILTER (WHERE w.routing_suspended_at IS NOT NULL)
        INTO v_gone, v_inactive, v_suspended
        FROM (
            SELECT u.id, true AS receives FROM unnest(v_destination, v_result) u (id, result) WHERE u.result = ANY (c_assigned)
            UNION
            SELECT u.id, false FROM unnest(v_source, v_result) u (id, result) WHERE u.result = ANY (c_assigned)
        ) d
        LEFT JOIN public.workspaces w ON w.id = d.id;
        IF v_gone IS NOT NULL OR v_inactive IS NOT NULL OR v_suspended IS NOT NULL THEN
            -- A lead whose source is suspended stays as it is; one with a written lock waits again, and has used no attempt.
            SELECT array_agg(CASE WHEN x.obstacle IS NULL THEN x.result WHEN x.is_held AND p_owner IS NULL THEN 'again'
                    ELSE 'retry' END ORDER BY x.ord),
                array_agg(coalesce(x.obstacle, x.reason) ORDER BY x.ord), array_agg(coalesce(x.obstacle, x.error) ORDER BY x.ord),
                array_agg(CASE WHEN x.is_held THEN greatest(x.attempt - 1, 0) ELSE x.attempt END ORDER BY x.ord),
                array_agg(CASE WHEN NOT x.is_held THEN x.claim_1 END ORDER BY x.ord),
                array_agg(CASE WHEN NOT x.is_held THEN x.claim_2 END ORDER BY x.ord)
            INTO v_result, v_reason, v_error, v_attempt, v_claim_1, v_claim_2
            FROM (
                SELECT u.*, u.result = ANY (c_assigned) AND (u.source = ANY (v_suspended)) IS TRUE AS is_held,
                    CASE WHEN u.result <> ALL (c_assigned) THEN NULL
                    WHEN u.source = ANY (v_suspended) THEN 'The source workspace is suspended.'
                    WHEN u.destination = ANY (v_suspended) THEN 'The destination workspace is suspended.'
                    WHEN u.destination IS NULL THEN 'There is no workspace that the lead could go to or stay in.'
                    WHEN u.destination = ANY (v_gone)
                        OR (u.destination = ANY (v_inactive) AND NOT (u.result = 'unmatched' AND p_owner IS NULL))
                    THEN 'The destination workspace does not exist, is closed, or is not active.' END AS obstacle
                FROM unnest(v_source, v_destination, v_result, v_reason, v_error, v_attempt, v_claim_1, v_claim_2)
                    WITH ORDINALITY u (source, destination, result, reason, error, attempt, claim_1, claim_2, ord)
            ) x;
        END IF;
        -- Clear the values that do not apply to a lead that is retried, fails or waits.
        IF v_result && ARRAY['retry', 'failed', 'waiting'] THEN
            SELECT array_agg(x.result ORDER BY x.ord),
                array_agg(CASE WHEN x.result = ANY (c_assigned) THEN x.rule END ORDER BY x.ord),
                array_agg(CASE WHEN x.result IN ('retry', 'failed') THEN coalesce(x.error, x.reason) END ORDER BY x.ord),
                array_agg(CASE WHEN x.result = 'failed' OR (x.result = 'retry' AND p_owner IS NOT NULL) THEN NULL
                    ELSE x.claim_1 END ORDER BY x.ord),
                array_agg(CASE WHEN x.result = 'failed' OR (x.result = 'retry' AND p_owner IS NOT NULL) THEN NULL
                    ELSE x.claim_2 END ORDER BY x.ord),
                array_agg(CASE WHEN x.result IN ('success', 'fallback') THEN x.assignee END ORDER BY x.ord),
                array_agg(CASE WHEN x.result = 'waiting' THEN x.waiting_for END ORDER BY x.ord),
                array_agg(CASE WHEN x.result NOT IN ('retry', 'failed') THEN x.metadata END ORDER BY x.ord)
            INTO v_result, v_rule, v_error, v_claim_1, v_claim_2, v_assignee, v_waiting_for, v_metadata
            FROM (
                SELECT CASE WHEN u.result = 'retry' AND u.attempt >= p_max_attempts THEN 'failed' ELSE u.result END AS result, u.rule,
                    u.error, u.reason, u.claim_1, u.claim_2, u.assignee, u.waiting_for, u.metadata, u.ord
                FROM unnest(v_result, v_rule, v_error, v_reason, v_claim_1, v_claim_2, v_assignee, v_waiting_for, v_metadata, v_attempt)
                    WITH ORDINALITY u (result, rule, error, reason, claim_1, claim_2, assignee, waiting_for, metadata, attempt, ord)
            ) x;
        END IF;

        -- A lead that was queued on arrival has its claims already, and no other lead can take them while it is held.
        -- Look them up by lead, where they are stored together, and not by identity. claim_identities numbers leads by
        -- their place in v_id.
        IF cardinality(array_remove(v_claim_1, NULL)) + cardinality(array_remove(v_claim_2, NULL)) > (
            SELECT count(*) FROM unnest(v_id, v_claim_1, v_claim_2) u (id, claim_1, claim_2)
            JOIN public.lead_identity_claims c ON c.lead_id = u.id
            WHERE c.identity = u.claim_1 OR c.identity = u.claim_2
        ) THEN
            SELECT array_agg(c.ordinal), array_agg(c.outcome), array_agg(c.duplicate_of) INTO v_lost_ord, v_lost_outcome, v_lost_to
            FROM switchyard.claim_identities(v_id, v_source, v_claim_1, v_claim_2) c;
        END IF;
    END IF;
    IF v_lost_ord IS NOT NULL THEN
        -- A lead without a source workspace cannot be kept there: it fails.
        SELECT array_agg(CASE WHEN x.outcome IS NULL THEN u.result WHEN x.outcome = 'duplicate' AND u.source IS NULL THEN 'failed'
                ELSE x.outcome END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.destination ELSE u.source END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.rule END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.reason ELSE 'The same lead was here before.' END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.error WHEN u.source IS NULL
                THEN 'The same lead was here before, and this one has no workspace to stay in.' END ORDER BY u.ord),
            array_agg(x.lost_to ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.assignee END ORDER BY u.ord),
            array_agg(CASE WHEN x.outcome IS NULL THEN u.metadata END ORDER BY u.ord),
            -- Waiting would have used no attempt; being found a duplicate uses one.
            array_agg(u.attempt + (x.outcome IS NOT NULL AND u.result = 'waiting')::integer ORDER BY u.ord)
        INTO v_result, v_destination, v_rule, v_reason, v_error, v_duplicate_of, v_assignee, v_metadata, v_attempt
        FROM unnest(v_result, v_source, v_destination, v_rule, v_reason, v_error, v_assignee, v_metadata, v_attempt)
            WITH ORDINALITY u (result, source, destination, rule, reason, error, assignee, metadata, attempt, ord)
        LEFT JOIN unnest(v_lost_ord, v_lost_outcome, v_lost_to) x (ord, outcome, lost_to) ON x.ord = u.ord;
    END IF;

    PERFORM set_config('switchyard.deciding', 'batch', true), set_config('search_path', NULL, true);
    UPDATE public.leads l
    SET routing_status = CASE u.result WHEN 'retry' THEN 'pending' WHEN 'waiting' THEN 'pending' WHEN 'failed' THEN 'failed' ELSE 'routed' END::public.lead_routing_status,
        workspace_id = CASE WHEN u.result IN ('retry', 'failed', 'waiting') THEN l.workspace_id ELSE u.destination END,
        matched_rule_id = u.rule,
        duplicate_of = u.lost_to,
        routed_at = CASE WHEN u.result IN ('retry', 'failed', 'waiting') THEN NULL ELSE v_now END,
        routing_attempts = u.attempt,
        routing_error = u.error,
        routing_last_attempted_at = v_now,
        routing_locked_by = NULL,
        routing_locked_at = NULL,
        dedupe_hash = u.hash,
        assignee_id = u.assignee,
        updated_at = v_now
    FROM unnest(v_id, v_destination, v_rule, v_result, v_error, v_hash, v_attempt, v_duplicate_of, v_assignee)
        u (id, destination, rule, result, error, hash, attempt, lost_to, assignee)
    WHERE l.id = u.id AND u.result <> 'again';
    PERFORM set_config('search_path', '', true), set_config('switchyard.deciding', '', true);

    DELETE FROM public.lead_routing_queue q USING unnest(v_id, v_result) u (id, result)
    WHERE q.lead_id = u.id AND u.result NOT IN ('retry', 'again', 'waiting');

    IF v_result && ARRAY['retry', 'waiting'] THEN
        INSERT INTO public.lead_routing_queue AS q (lead_id, workspace_id, attempt_number, next_retry_at, last_error, waiting_for)
        SELECT u.id, l.workspace_id, u.attempt,
            CASE WHEN u.result = 'waiting' THEN 'infinity' ELSE v_now + switchyard.retry_delay(u.attempt) END, u.error, u.waiting_for
        FROM unnest(v_id, v_result, v_attempt, v_error, v_waiting_for) u (id, result, attempt, error, waiting_for)
        JOIN public.leads l ON l.id = u.id
        WHERE u.result IN ('retry', 'waiting')
        ORDER BY u.id
        ON CONFLICT (lead_id) DO UPDATE SET attempt_number = excluded.attempt_number, next_retry_at = excluded.next_retry_at,
            last_error = excluded.last_error, waiting_for = excluded.waiting_for;
    END IF;
    IF 'failed' = ANY (v_result) THEN
        DELETE FROM public.lead_identity_claims c USING unnest(v_id, v_result) u (id, result)
        WHERE c.lead_id = u.id AND u.result = 'failed';
    END IF;

    -- A batch has few partners: look them up once per workspace, not once per lead.
    SELECT array_agg(f.workspace_id), array_agg(f.id) INTO v_credited, v_credit
    FROM (
        SELECT DISTINCT ON (p.workspace_id) p.workspace_id, p.id FROM public.partners p
        WHERE p.workspace_id = ANY (ARRAY(SELECT DISTINCT unnest(v_source)))
        ORDER BY p.workspace_id, p.is_active DESC, p.created_at, p.id
    ) f;
    INSERT INTO public.lead_attributions (lead_id, workspace_id, partner_id)
    SELECT u.id, u.source, coalesce(u.partner, (SELECT c.id FROM unnest(v_credited, v_credit) c (source, id) WHERE c.source = u.source))
    FROM unnest(v_id, v_source, v_partner, v_result) u (id, source, partner, result)
    WHERE u.result IN ('success', 'fallback') AND u.source IS NOT NULL
    ON CONFLICT DO NOTHING;

    INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, destination_workspace_id, matched_rule_id,
        routing_result, reason, error_message, attempt, rule_set_version, duplicate_of, metadata, created_at)
    SELECT u.id, u.source, CASE WHEN u.result NOT IN ('retry', 'failed', 'waiting') THEN u.destination END, u.rule, u.result, u.reason,
        u.error, u.attempt, p_rule_set_version, u.lost_to, u.metadata::jsonb, v_now
    FROM unnest(v_id, v_source, v_destination, v_rule, v_result, v_reason, v_error, v_attempt, v_duplicate_of, v_metadata)
        u (id, source, destination, rule, result, reason, error, attempt, lost_to, metadata)
    WHERE u.result <> 'again';

    RETURN QUERY
    SELECT u.ord, CASE WHEN u.result = ANY (c_assigned) THEN 'routed' WHEN u.result IN ('retry', 'waiting') THEN 'pending'
        ELSE u.result END, u.lost_to
    FROM unnest(v_ord, v_result, v_duplicate_of) u (ord, result, lost_to);
    IF cardinality(v_ord) IS DISTINCT FROM cardinality(p_lead_id) THEN
        RETURN QUERY
        SELECT w.ord::integer, 'refused'::text, NULL::uuid FROM unnest(p_lead_id) WITH ORDINALITY w (id, ord)
        WHERE v_ord IS NULL OR w.ord <> ALL (v_ord);
    END IF;
END
$$;
COMMENT ON FUNCTION switchyard.settle_decided(bigint, uuid[], uuid[], uuid[], text[], text[], text[], text[], bytea[], bytea[], integer, uuid, uuid[], uuid[], text[]) IS
    'Ends an attempt for a batch of held leads: the one implementation beneath settle_held, complete_routings and fail_routings.';

CREATE OR REPLACE FUNCTION switchyard.acquire_routing_locks(p_lead_ids uuid[], p_lock_owner uuid) RETURNS SETOF uuid
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off SET enable_bitmapscan = off
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_taken uuid[];
BEGIN
    IF p_lock_owner IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('switchyard.deciding', 'batch', true), set_config('search_path', NULL, true);
    -- Any caller may take over a stale lock, unless the attempts are used up: then release_stale_routing_locks fails
    -- the lead.
    WITH free AS MATERIALIZED (
        SELECT l.id FROM public.leads l
        WHERE l.id = ANY (p_lead_ids)
            AND (l.routing_status = 'pending'
                OR (l.routing_status = 'routing' AND l.routing_attempts < 5
                    AND (l.routing_locked_at IS NULL OR l.routing_locked_at < v_now - interval '5 minutes')))
            AND (l.lead_expires_at IS NULL OR l.lead_expires_at > v_now)
            AND NOT EXISTS (SELECT FROM public.workspaces w
                WHERE w.id = coalesce(l.source_workspace_id, l.workspace_id) AND w.routing_suspended_at IS NOT NULL)
        ORDER BY l.id
        FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE public.leads l
        SET routing_status = 'routing', routing_locked_by = p_lock_owner, routing_locked_at = v_now,
            routing_attempts = coalesce(l.routing_attempts, 0) + 1, routing_last_attempted_at = v_now, updated_at = v_now
        FROM free f WHERE l.id = f.id
        RETURNING l.id
    )
    SELECT pg_catalog.array_agg(t.id) INTO v_taken FROM taken t;
    PERFORM set_config('search_path', '', true), set_config('switchyard.deciding', '', true);
    DELETE FROM public.lead_routing_queue q WHERE q.lead_id = ANY (v_taken);
    RETURN QUERY SELECT unnest(v_taken);
END
$$;
COMMENT ON FUNCTION switchyard.acquire_routing_locks(uuid[], uuid) IS
    'Locks those of the leads that can be locked and returns them. p_lock_owner is a fencing token: use a new one for every attempt.';

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
    FROM switchyard.settle_decided(NULL, p_lead_ids, p_destination_workspace_ids, p_matched_rule_ids,
        array_fill('decided'::text, ARRAY[cardinality(p_lead_ids)]), NULL, NULL, NULL, NULL, NULL, 5, p_lock_owner, NULL, NULL, NULL) s;
END
$$;
COMMENT ON FUNCTION switchyard.complete_routings(uuid[], uuid[], uuid[], uuid) IS
    'Assigns locked leads. Outcome of each: routed, duplicate, pending or failed (destination unavailable), again, refused (lock lost).';

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
    FROM switchyard.settle_decided(NULL, p_lead_ids, NULL, NULL, array_fill('retry'::text, ARRAY[cardinality(p_lead_ids)]),
        NULL, p_error_messages, NULL, NULL, NULL, coalesce(p_max_attempts, 5), p_lock_owner, NULL, NULL, NULL) s;
END
$$;
COMMENT ON FUNCTION switchyard.fail_routings(uuid[], text[], uuid, integer) IS
    'Ends the attempt on locked leads: pending again after 1, 5, 15 or 60 minutes, or failed. Outcome of each: pending, failed, refused.';

-- 9. The functions of the guide -------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION public.acquire_routing_lock(p_lead_id uuid, p_lock_owner uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = ''
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM switchyard.acquire_routing_locks(ARRAY[p_lead_id], p_lock_owner));
END
$$;
COMMENT ON FUNCTION public.acquire_routing_lock(uuid, uuid) IS
    'Locks a pending lead, or one whose lock is older than five minutes, for five minutes. p_lock_owner must be new for every attempt. False: another caller holds the lock, the lead is not pending or is past its expiry, or its source workspace is suspended.';

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
COMMENT ON FUNCTION public.complete_routing(uuid, uuid, uuid, uuid) IS
    'Assigns a lead that the caller has locked. True: the lead is in that workspace now. False: the caller no longer holds the lock, the workspace is not available (counts as a failed attempt), or the lead is a duplicate and stays in its source workspace.';

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
COMMENT ON FUNCTION public.fail_routing(uuid, text, uuid, integer) IS
    'Ends the attempt on a lead that the caller has locked: the lead waits 1, 5, 15 or 60 minutes, or becomes failed. False: the caller no longer holds the lock.';

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
    PERFORM set_config('switchyard.deciding', 'batch', true), set_config('search_path', NULL, true);
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
    SELECT pg_catalog.array_agg(r.id), pg_catalog.array_agg(r.source_workspace_id), pg_catalog.array_agg(r.workspace_id),
        pg_catalog.array_agg(r.routing_attempts), pg_catalog.array_agg(r.has_failed)
    INTO v_id, v_source, v_workspace, v_attempt, v_failed
    FROM released r;
    PERFORM set_config('search_path', '', true), set_config('switchyard.deciding', '', true);
    IF v_id IS NULL THEN
        RETURN 0;
    END IF;

    -- Due at once, so that a worker picks them up.
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
COMMENT ON FUNCTION public.release_stale_routing_locks() IS
    'Makes leads whose lock is older than five minutes pending and due again, or failed when their attempts are used up; returns how many.';

CREATE OR REPLACE FUNCTION public.mark_expired_leads() RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_id uuid[];
BEGIN
    PERFORM set_config('switchyard.deciding', 'batch', true), set_config('search_path', NULL, true);
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
    SELECT pg_catalog.array_agg(e.id) INTO v_id FROM expired e;
    PERFORM set_config('search_path', '', true), set_config('switchyard.deciding', '', true);
    DELETE FROM public.lead_routing_queue q WHERE q.lead_id = ANY (v_id);
    DELETE FROM public.lead_identity_claims c WHERE c.lead_id = ANY (v_id);
    RETURN coalesce(cardinality(v_id), 0);
END
$$;
COMMENT ON FUNCTION public.mark_expired_leads() IS
    'Expires pending and failed leads that are past lead_expires_at; returns how many.';

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
    WHERE substring(c.identity FROM 1 FOR 15) = substring(decode(p_dedupe_hash, 'hex') FROM 1 FOR 15) AND c.workspace_id IS DISTINCT FROM p_source_workspace_id;
END
$$;
COMMENT ON FUNCTION public.check_cross_partner_duplicate(varchar, uuid) IS
    'The lead of another source workspace that has this identity, if there is one.';

-- 10. Who may run them: service_role, and the owner -----------------------------------------------------------------

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE (p.pronamespace = 'public'::regnamespace AND p.proname IN ('acquire_routing_lock', 'complete_routing', 'fail_routing',
                'release_stale_routing_locks', 'generate_dedupe_hash', 'check_cross_partner_duplicate', 'mark_expired_leads'))
            OR (p.pronamespace = 'switchyard'::regnamespace
                AND p.proname NOT IN ('visible_workspaces', 'acting_workspace', 'visible_duplicate'))
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, anon, authenticated', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', v_function);
    END LOOP;
END
$$;

DO $$
BEGIN
    PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('switchyard.lock_timeout_before', true), ''),
        current_setting('lock_timeout')), false);
    PERFORM set_config('default_transaction_read_only', current_setting('switchyard.read_only_before'), false);
END
$$;
