-- What `switchyard migrate up --online` does around 20260131000001_lead_routing_fixes.sql, so that other programs can read and write
-- leads meanwhile: first the columns; then the leads in small batches, oldest first, while a trigger keeps filled leads as the
-- migration would find them; then the migration itself without its backfill; then the leads that came meanwhile.
-- How such a file is read: docs/decisions/0021-online-steps.md.

-- @leave-out 4. Backfill
-- @section 1. Identity

-- @short Adding the columns that are filled ahead
DO $$
DECLARE
    v_type text := (SELECT a.atttypid::regtype::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = 'public.leads'::regclass AND a.attname = 'routing_status' AND NOT a.attisdropped);
BEGIN
    CREATE TABLE IF NOT EXISTS switchyard.online_state (
        singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT online_state_singleton_check CHECK (singleton),
        started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        status_is_new boolean NOT NULL DEFAULT false,
        source_is_new boolean NOT NULL DEFAULT false,
        key_created_at timestamptz NOT NULL DEFAULT '-infinity',
        key_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
        pass_changed bigint NOT NULL DEFAULT 0
    );
    COMMENT ON TABLE switchyard.online_state IS 'The progress of switchyard migrate up --online. Dropped when it is done.';
    INSERT INTO switchyard.online_state (source_is_new)
    VALUES (to_regclass('switchyard.online_source_is_new') IS NOT NULL) ON CONFLICT DO NOTHING;
    IF to_regtype('public.lead_routing_status') IS NULL THEN
        CREATE TYPE public.lead_routing_status AS ENUM ('pending', 'routing', 'routed', 'failed', 'expired');
    END IF;
    IF v_type IS NULL THEN
        ALTER TABLE public.leads ADD COLUMN routing_status public.lead_routing_status NOT NULL DEFAULT 'routed';
        UPDATE switchyard.online_state SET status_is_new = true;
    ELSIF to_regtype(v_type) <> to_regtype('public.lead_routing_status') THEN
        RAISE EXCEPTION 'leads.routing_status is %, and should be lead_routing_status.', v_type
            USING ERRCODE = 'datatype_mismatch',
                HINT = 'ALTER TABLE leads ALTER COLUMN routing_status TYPE lead_routing_status USING routing_status::text::lead_routing_status;';
    END IF;
    ALTER TABLE public.leads
        ADD COLUMN IF NOT EXISTS routing_attempts integer NOT NULL DEFAULT 0,
        ADD COLUMN IF NOT EXISTS dedupe_hash varchar(64),
        ADD COLUMN IF NOT EXISTS lead_expires_at timestamptz;
    ALTER TABLE public.leads
        ALTER COLUMN routing_attempts SET DEFAULT 0,
        ALTER COLUMN lead_expires_at SET DEFAULT now() + interval '90 days';
END
$$;

-- @section 3. Tables

-- @short Following what other programs write meanwhile
--
-- Leads that are filled already stay as the migration would leave them; leads whose identity changes are filled again. The trigger
-- does nothing once the migration's own triggers exist.
CREATE OR REPLACE FUNCTION switchyard.online_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    v_state switchyard.online_state;
BEGIN
    IF to_regclass('switchyard.online_state') IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = TG_RELID AND t.tgname = 'switchyard_1_complete') THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        DELETE FROM public.lead_identity_claims c WHERE c.lead_id = OLD.id;
        RETURN OLD;
    END IF;
    SELECT * INTO v_state FROM switchyard.online_state;
    IF v_state.status_is_new THEN
        NEW.routing_status := CASE WHEN NEW.workspace_id IS NULL THEN 'pending' ELSE 'routed' END;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF v_state.source_is_new THEN
            NEW.source_workspace_id := NEW.workspace_id;
            UPDATE public.lead_identity_claims c SET workspace_id = NEW.workspace_id
            WHERE c.lead_id = NEW.id AND c.workspace_id IS DISTINCT FROM NEW.workspace_id;
        END IF;
        IF OLD.email IS DISTINCT FROM NEW.email OR OLD.phone IS DISTINCT FROM NEW.phone
            OR OLD.company_name IS DISTINCT FROM NEW.company_name THEN
            NEW.dedupe_hash := NULL;
            DELETE FROM public.lead_identity_claims c WHERE c.lead_id = NEW.id;
        END IF;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION switchyard.online_follow() IS 'Keeps leads that were filled ahead as the migration would find them. Dropped when it is done.';
REVOKE ALL ON FUNCTION switchyard.online_follow() FROM PUBLIC;

-- Why the row type of the queue is named here: see the head of the migration.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = 'public.leads'::regclass AND t.tgname = 'switchyard_1_complete') THEN
        RETURN;
    END IF;
    CREATE OR REPLACE TRIGGER switchyard_online_insert BEFORE INSERT ON public.leads
        FOR EACH ROW WHEN (NEW.workspace_id IS NULL AND NULL::public.lead_routing_queue IS NULL)
        EXECUTE FUNCTION switchyard.online_follow();
    CREATE OR REPLACE TRIGGER switchyard_online_update BEFORE UPDATE ON public.leads
        FOR EACH ROW WHEN ((OLD.email IS DISTINCT FROM NEW.email OR OLD.phone IS DISTINCT FROM NEW.phone
            OR OLD.company_name IS DISTINCT FROM NEW.company_name OR OLD.workspace_id IS DISTINCT FROM NEW.workspace_id)
            AND NULL::public.lead_routing_queue IS NULL)
        EXECUTE FUNCTION switchyard.online_follow();
    CREATE OR REPLACE TRIGGER switchyard_online_delete BEFORE DELETE ON public.leads
        FOR EACH ROW WHEN (NULL::public.lead_routing_queue IS NULL)
        EXECUTE FUNCTION switchyard.online_follow();
END
$$;

-- @index Indexing the leads to be filled
CREATE INDEX IF NOT EXISTS switchyard_online_todo ON public.leads (created_at, id)
    WHERE lead_expires_at IS NULL OR dedupe_hash IS NULL OR routing_attempts IS NULL OR routing_status IS NULL
        OR (source_workspace_id IS NULL AND workspace_id IS NOT NULL) OR (workspace_id IS NULL AND routing_status = 'routed');

-- @short Making the function that fills a batch
--
-- One call is one batch, in the order of (created_at, id), so that the oldest lead gets a claim; rows that another transaction has
-- locked are skipped and come in the next pass. A pass that changed almost nothing is the last one before the migration; leads that
-- come later are filled by the last passes, which run while the migration's triggers complete new leads, and end when nothing is
-- left.
CREATE OR REPLACE FUNCTION switchyard.online_backfill(p_limit integer) RETURNS TABLE (changed bigint, is_done boolean, total bigint)
LANGUAGE plpgsql SET search_path = '' SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    c_todo constant text := $q$(l.lead_expires_at IS NULL OR l.dedupe_hash IS NULL OR l.routing_attempts IS NULL
        OR l.routing_status IS NULL OR (l.source_workspace_id IS NULL AND l.workspace_id IS NOT NULL)
        OR (l.workspace_id IS NULL AND l.routing_status = 'routed'))$q$;
    s switchyard.online_state;
    v_is_ahead boolean := NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = 'public.leads'::regclass AND t.tgname = 'switchyard_1_complete');
    v_count bigint := (SELECT greatest(c.reltuples, 0)::bigint FROM pg_catalog.pg_class c WHERE c.oid = 'public.leads'::regclass);
    v_created timestamptz;
    v_id uuid;
    v_changed bigint;
    v_left boolean;
    v_fill text;
BEGIN
    SELECT * INTO STRICT s FROM switchyard.online_state;
    v_fill := format($q$
        WITH page AS MATERIALIZED (
            SELECT l.id, l.workspace_id, l.source_workspace_id, l.created_at, l.routing_status, l.lead_expires_at,
                l.routing_attempts, l.dedupe_hash, CASE WHEN l.dedupe_hash IS NULL
                    THEN switchyard.lead_claims(l.email::text, l.phone::text, l.company_name::text) ELSE '{}' END AS claims
            FROM public.leads l
            WHERE %1$s AND %2$s
            ORDER BY l.created_at, l.id
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ), next_leads AS MATERIALIZED (
            SELECT p.*, p.dedupe_hash IS NULL AND pg_catalog.cardinality(p.claims) > 0 AS is_new,
                CASE WHEN p.routing_status IS NULL OR $4 AND p.workspace_id IS NULL AND p.routing_status = 'routed'
                    THEN CASE WHEN p.workspace_id IS NULL THEN 'pending' ELSE 'routed' END::public.lead_routing_status
                    ELSE p.routing_status END AS status
            FROM page p
        ), claimed AS (
            INSERT INTO public.lead_identity_claims AS c (identity, lead_id, workspace_id)
            SELECT DISTINCT ON (i.identity) i.identity, t.id, coalesce(t.source_workspace_id, t.workspace_id)
            FROM next_leads t CROSS JOIN LATERAL pg_catalog.unnest(t.claims) i (identity)
            WHERE t.is_new AND t.status NOT IN ('failed', 'expired')
            ORDER BY i.identity, t.created_at, t.id
            -- A lead that an earlier pass skipped is older than the one that has its claim.
            ON CONFLICT (substring(identity FROM 1 FOR 15)) DO UPDATE SET lead_id = excluded.lead_id, workspace_id = excluded.workspace_id
                WHERE $5 AND c.claimed_at >= $6 AND EXISTS (SELECT FROM public.leads m JOIN public.leads h ON h.id = c.lead_id
                    WHERE m.id = excluded.lead_id AND (m.created_at, m.id) < (h.created_at, h.id))
        ), filled AS (
            UPDATE public.leads l
            SET lead_expires_at = coalesce(l.lead_expires_at, coalesce(l.created_at, now()) + interval '90 days'),
                source_workspace_id = coalesce(l.source_workspace_id, l.workspace_id),
                routing_attempts = coalesce(l.routing_attempts, 0),
                routing_status = t.status,
                dedupe_hash = CASE WHEN t.is_new THEN pg_catalog.encode(t.claims[1], 'hex') ELSE l.dedupe_hash END
            FROM next_leads t
            WHERE l.id = t.id AND (t.is_new OR t.lead_expires_at IS NULL OR t.routing_attempts IS NULL
                OR t.routing_status IS DISTINCT FROM t.status OR (t.source_workspace_id IS NULL AND t.workspace_id IS NOT NULL))
            RETURNING 1
        )
        SELECT (SELECT pg_catalog.count(*) FROM filled), p.created_at, p.id
        FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT p.created_at, p.id FROM page p ORDER BY p.created_at DESC, p.id DESC LIMIT 1) p ON true
        $q$, c_todo, CASE WHEN s.key_created_at = 'infinity' THEN 'l.created_at IS NULL AND l.id > $3'
            ELSE '(l.created_at, l.id) > ($2, $3)' END);
    -- The installation's own triggers on leads run under the search_path that they were written for.
    PERFORM set_config('search_path', NULL, true);
    -- Ahead of the migration leads have no triggers of Switchyard.
    IF v_is_ahead AND current_setting('switchyard.without_triggers', true) = 'on' THEN
        PERFORM set_config('session_replication_role', 'replica', true);
    END IF;
    EXECUTE v_fill INTO v_changed, v_created, v_id
    USING p_limit, s.key_created_at, s.key_id, s.status_is_new AND v_is_ahead, v_is_ahead, s.started_at;
    PERFORM set_config('search_path', '', true);
    IF v_is_ahead AND current_setting('switchyard.without_triggers', true) = 'on' THEN
        PERFORM set_config('session_replication_role', 'origin', true);
    END IF;

    IF v_id IS NOT NULL THEN
        UPDATE switchyard.online_state SET key_created_at = coalesce(v_created, 'infinity'), key_id = v_id,
            pass_changed = pass_changed + v_changed;
        RETURN QUERY SELECT v_changed, false, v_count;
    ELSIF s.key_created_at <> 'infinity' THEN
        -- Then the leads without created_at.
        UPDATE switchyard.online_state SET key_created_at = 'infinity', key_id = '00000000-0000-0000-0000-000000000000';
        RETURN QUERY SELECT 0::bigint, false, v_count;
    ELSE
        UPDATE switchyard.online_state SET key_created_at = '-infinity', key_id = '00000000-0000-0000-0000-000000000000',
            pass_changed = 0;
        v_left := s.pass_changed > CASE WHEN v_is_ahead THEN 1000 ELSE 0 END;
        IF NOT v_left AND NOT v_is_ahead THEN
            EXECUTE format($q$SELECT EXISTS (SELECT FROM public.leads l WHERE %s AND NOT (l.lead_expires_at IS NOT NULL
                AND l.routing_attempts IS NOT NULL AND l.routing_status IS NOT NULL
                AND (l.source_workspace_id IS NOT NULL OR l.workspace_id IS NULL)
                AND (l.dedupe_hash IS NOT NULL
                    OR cardinality(switchyard.lead_claims(l.email::text, l.phone::text, l.company_name::text)) = 0)))$q$, c_todo)
            INTO v_left;
        END IF;
        RETURN QUERY SELECT 0::bigint, NOT v_left, v_count;
    END IF;
END
$$;
COMMENT ON FUNCTION switchyard.online_backfill(integer) IS 'Fills the next batch of leads ahead of the migration. Dropped when it is done.';
REVOKE ALL ON FUNCTION switchyard.online_backfill(integer) FROM PUBLIC;

-- @repeat Filling expiry, source, duplicate hash and claims, the oldest leads first
SELECT b.changed, b.is_done, b.total FROM switchyard.online_backfill($1) b

-- @short Adding the check that every lead has a status
--
-- Only where an earlier run that stopped half way has left the column without NOT NULL.
DO $$
BEGIN
    IF (SELECT a.attnotnull FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = 'public.leads'::regclass AND a.attname = 'routing_status') THEN
        RETURN;
    END IF;
    ALTER TABLE public.leads ALTER COLUMN routing_status SET DEFAULT 'pending';
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = 'public.leads'::regclass
        AND k.conname = 'switchyard_online_status') THEN
        ALTER TABLE public.leads ADD CONSTRAINT switchyard_online_status CHECK (routing_status IS NOT NULL) NOT VALID;
    END IF;
END
$$;

-- @repeat Filling leads that still have no status
SELECT b.changed, b.is_done, b.total FROM switchyard.online_backfill($1) b

-- @alone Validating the check while others write
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = 'public.leads'::regclass
        AND k.conname = 'switchyard_online_status' AND NOT k.convalidated) THEN
        ALTER TABLE public.leads VALIDATE CONSTRAINT switchyard_online_status;
    END IF;
END
$$;

-- @short Making the column NOT NULL
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = 'public.leads'::regclass
        AND k.conname = 'switchyard_online_status') THEN
        ALTER TABLE public.leads ALTER COLUMN routing_status SET NOT NULL;
        ALTER TABLE public.leads DROP CONSTRAINT switchyard_online_status;
    END IF;
END
$$;

-- @migration
DROP TRIGGER IF EXISTS switchyard_online_insert ON public.leads;
DROP TRIGGER IF EXISTS switchyard_online_update ON public.leads;
DROP TRIGGER IF EXISTS switchyard_online_delete ON public.leads;
UPDATE switchyard.online_state SET key_created_at = '-infinity', key_id = '00000000-0000-0000-0000-000000000000', pass_changed = 0;

-- @repeat Filling leads that came meanwhile
SELECT b.changed, b.is_done, b.total FROM switchyard.online_backfill($1) b

-- @short Making the function that queues a batch
CREATE OR REPLACE FUNCTION switchyard.online_enqueue(p_limit integer) RETURNS TABLE (changed bigint, is_done boolean, total bigint)
LANGUAGE plpgsql SET search_path = '' SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_key timestamptz := (SELECT s.key_created_at FROM switchyard.online_state s);
    v_latest timestamptz;
    v_changed bigint;
BEGIN
    WITH page AS MATERIALIZED (
        SELECT l.id, l.workspace_id, l.routing_attempts, l.created_at FROM public.leads l
        WHERE l.routing_status = 'pending' AND l.created_at >= v_key
            AND NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = l.id)
        ORDER BY l.created_at
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ), queued AS (
        INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number)
        SELECT p.id, p.workspace_id, coalesce(p.routing_attempts, 0) FROM page p
        ON CONFLICT DO NOTHING
    )
    SELECT count(*), max(p.created_at) INTO v_changed, v_latest FROM page p;
    IF v_changed > 0 THEN
        UPDATE switchyard.online_state SET key_created_at = v_latest;
        RETURN QUERY SELECT v_changed, false, NULL::bigint;
        RETURN;
    END IF;
    -- Leads without created_at, and leads that another transaction held.
    INSERT INTO public.lead_routing_queue (lead_id, workspace_id, attempt_number)
    SELECT l.id, l.workspace_id, coalesce(l.routing_attempts, 0) FROM public.leads l
    WHERE l.routing_status = 'pending'
        AND NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = l.id)
    LIMIT 2000
    FOR UPDATE OF l SKIP LOCKED
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    RETURN QUERY SELECT v_changed, v_changed = 0 AND NOT EXISTS (SELECT FROM public.leads l WHERE l.routing_status = 'pending'
        AND NOT EXISTS (SELECT FROM public.lead_routing_queue q WHERE q.lead_id = l.id)), NULL::bigint;
END
$$;
REVOKE ALL ON FUNCTION switchyard.online_enqueue(integer) FROM PUBLIC;

-- @repeat Queueing the pending leads
SELECT b.changed, b.is_done, b.total FROM switchyard.online_enqueue($1) b

-- @alone Dropping the index of leads to be filled
DROP INDEX CONCURRENTLY IF EXISTS public.switchyard_online_todo;

-- @short Dropping what the online steps made
DROP FUNCTION IF EXISTS switchyard.online_follow();
DROP FUNCTION IF EXISTS switchyard.online_backfill(integer);
DROP FUNCTION IF EXISTS switchyard.online_enqueue(integer);
DROP TABLE IF EXISTS switchyard.online_state;
DROP TABLE IF EXISTS switchyard.online_source_is_new;

-- @alone Vacuuming leads
VACUUM (ANALYZE, TRUNCATE false) public.leads;
