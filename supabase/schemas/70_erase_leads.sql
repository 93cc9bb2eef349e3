-- Erasing a person: personal data is removed from all tables in one transaction. The fact that there was a lead, its decision, the
-- attribution and the statistics stay.

-- Nothing personal: the id of the lead stands for the person.
CREATE TABLE switchyard.erasures (
    lead_id uuid NOT NULL,
    erased_at timestamptz NOT NULL,
    actor text NOT NULL,
    found_by text NOT NULL CONSTRAINT erasures_found_by_check CHECK (found_by IN ('lead', 'email', 'phone')),
    on_behalf_of uuid,
    status_before text NOT NULL,
    keeps_identity boolean NOT NULL,
    PRIMARY KEY (lead_id, erased_at)
);
COMMENT ON TABLE switchyard.erasures IS 'Leads whose personal data was erased, and by whom; append-only.';
COMMENT ON COLUMN switchyard.erasures.on_behalf_of IS 'The workspace whose API key requested it; NULL: an administrator.';
COMMENT ON COLUMN switchyard.erasures.status_before IS 'The state of the lead before; a lead that was not assigned yet was expired.';
COMMENT ON COLUMN switchyard.erasures.keeps_identity IS 'Whether the digests by which duplicates are recognised were kept.';
CREATE TRIGGER switchyard_keep_rows_as_they_are BEFORE UPDATE OR DELETE ON switchyard.erasures
    FOR EACH ROW EXECUTE FUNCTION switchyard.refuse_log_change();
CREATE TRIGGER switchyard_keep_rows BEFORE TRUNCATE ON switchyard.erasures
    EXECUTE FUNCTION switchyard.refuse_log_change();

ALTER TABLE switchyard.erasures ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.erasures FROM PUBLIC, anon, authenticated, service_role;
GRANT SELECT, INSERT ON switchyard.erasures TO service_role;
CREATE POLICY switchyard_service ON switchyard.erasures TO service_role USING (true) WITH CHECK (true);

-- Reads the leads themselves and not only the digests: most leads have a phone number beside an email address, and only
-- the strongest identity is indexed. Called for one part of the table at a time, so that no statement takes long; cheap
-- comparisons come first.
CREATE OR REPLACE FUNCTION switchyard.find_person(
    p_kind text, p_value text, p_workspace_id uuid DEFAULT NULL, p_from_page bigint DEFAULT 0, p_to_page bigint DEFAULT 4294967295
) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = '' SET jit = off
AS $$
DECLARE
    v_value text := switchyard.normalised_identity(p_kind, p_value);
    v_hash text := encode(switchyard.lead_identity(p_kind, p_value), 'hex');
    v_from tid := format('(%s,0)', p_from_page);
    v_to tid := format('(%s,0)', p_to_page);
    v_domain text;
    v_digits text;
BEGIN
    IF p_kind NOT IN ('email', 'phone') THEN
        RAISE EXCEPTION 'p_kind must be email or phone.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF v_value IS NULL THEN
        RETURN;
    END IF;
    IF p_kind = 'email' THEN
        -- googlemail.com equals gmail.com; an address that is not plain ASCII can be written in several ways.
        v_domain := CASE WHEN octet_length(v_value) <> length(v_value) THEN '@'
            ELSE replace(split_part(v_value, '@', 2), 'gmail.com', 'mail.com') END;
        RETURN QUERY
        SELECT l.id FROM public.leads l
        WHERE l.ctid >= v_from AND l.ctid < v_to
            AND (p_workspace_id IS NULL OR l.workspace_id = p_workspace_id OR l.source_workspace_id = p_workspace_id)
            AND (l.dedupe_hash = v_hash OR (strpos(lower(l.email::text COLLATE "C"), v_domain) > 0
                AND switchyard.normalised_identity('email', l.email::text) = v_value));
        RETURN;
    END IF;
    v_digits := right(v_value, 7);
    RETURN QUERY
    SELECT l.id FROM public.leads l
    WHERE l.ctid >= v_from AND l.ctid < v_to
        AND (p_workspace_id IS NULL OR l.workspace_id = p_workspace_id OR l.source_workspace_id = p_workspace_id)
        AND (l.dedupe_hash = v_hash
            OR (strpos(regexp_replace(replace(l.phone::text, '(0)', ''), '[^0-9]', '', 'g'), v_digits) > 0
                AND switchyard.normalised_identity('phone', l.phone::text) = v_value));
END
$$;
COMMENT ON FUNCTION switchyard.find_person(text, text, uuid, bigint, bigint) IS
    'The leads that have this email or phone, however it is written, in the pages of the table from p_from_page up to, not including, p_to_page; with p_workspace_id only leads that the workspace has or has sent.';

CREATE OR REPLACE FUNCTION switchyard.without_person(p_example jsonb, p_emails text[], p_phones text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = ''
AS $$
BEGIN
    IF jsonb_typeof(p_example -> 'lead') = 'object' AND (
        switchyard.normalised_identity('email', p_example #>> '{lead,email}') = ANY (p_emails)
        OR switchyard.normalised_identity('phone', p_example #>> '{lead,phone}') = ANY (p_phones)) THEN
        RETURN p_example || jsonb_build_object(
            -- The name of the example may be the person's; names of examples must differ.
            'name', 'Erased example ' || left(gen_random_uuid()::text, 8),
            'lead', (p_example -> 'lead') - '{email,phone,firstName,lastName,companyName,source,sourceId,metadata}'::text[]
                #- '{location,city}');
    END IF;
    RETURN p_example;
END
$$;
COMMENT ON FUNCTION switchyard.without_person(jsonb, text[], text[]) IS
    'A golden lead without its personal data if it has one of these normalised addresses or numbers; otherwise unchanged.';

-- SECURITY DEFINER, because no other role may change the log.
--
-- A lead that is not assigned yet expires first, and its queue row is deleted. The row lock decides between an erasure
-- and a claim: the second of them sees what the first has written. If a lead is locked by acquire_routing_lock it is
-- busy, for five minutes at most; then nothing at all is done.
CREATE OR REPLACE FUNCTION switchyard.erase_leads(
    p_lead_ids uuid[], p_workspace_id uuid, p_actor text, p_found_by text, p_value text, p_forget_identity boolean
) RETURNS TABLE (lead_id uuid, outcome text, examples bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
#variable_conflict use_column
DECLARE
    -- Texts that Switchyard writes; any other text may be about the person.
    c_ours constant text[] := ARRAY['The same lead was here before.', 'There is no workspace that the lead could go to or stay in.',
        'The destination workspace does not exist, is closed, or is not active.', 'The lock was older than five minutes.',
        'The attempt did not end within five minutes.', 'The lead was not assigned before it expired.',
        'The same lead was here before, and this one has no workspace to stay in.', 'An operator has put it back into the queue.',
        'No rule had matched it; an operator has put it back into the queue.', 'The person was erased before the lead was assigned.'];
    v_now timestamptz := clock_timestamp();
    v_next xid8 := pg_snapshot_xmax(pg_current_snapshot());
    v_id uuid[];
    v_outcome text[];
    v_before text[];
    v_todo uuid[];
    v_open uuid[];
    v_emails text[];
    v_phones text[];
    v_sets text;
    v_line record;
    v_horizon xid8;
    v_examples bigint := 0;
    v_count bigint;
BEGIN
    -- Locked in the order of their ids, as every writer of several leads locks them.
    SELECT array_agg(h.id), array_agg(h.outcome), array_agg(h.status) INTO v_id, v_outcome, v_before
    FROM (
        SELECT l.id, l.routing_status::text AS status, CASE
                WHEN p_workspace_id IS NOT NULL AND l.workspace_id IS DISTINCT FROM p_workspace_id
                    THEN CASE WHEN l.source_workspace_id = p_workspace_id THEN 'elsewhere' ELSE 'none' END
                WHEN l.routing_status = 'routing' AND l.routing_locked_at >= v_now - interval '5 minutes' THEN 'busy'
                WHEN l.erased_at IS NOT NULL AND coalesce(l.email::text, '') = '' AND coalesce(l.phone::text, '') = ''
                    AND coalesce(l.first_name::text, '') = '' AND coalesce(l.last_name::text, '') = ''
                    AND coalesce(l.company_name::text, '') = '' AND coalesce(l.source_id::text, '') = ''
                    AND (l.dedupe_hash IS NULL OR NOT p_forget_identity) THEN 'already'
                ELSE 'erased' END AS outcome
        FROM public.leads l
        WHERE l.id = ANY (p_lead_ids)
        ORDER BY l.id
        FOR UPDATE
    ) h;
    IF 'busy' = ANY (v_outcome) THEN
        RETURN QUERY SELECT u.id, u.outcome, 0::bigint FROM unnest(v_id, v_outcome) u (id, outcome) WHERE u.outcome = 'busy';
        RETURN;
    END IF;
    SELECT array_agg(u.id), array_agg(u.id) FILTER (WHERE u.status NOT IN ('routed', 'expired')) INTO v_todo, v_open
    FROM unnest(v_id, v_outcome, v_before) u (id, outcome, status) WHERE u.outcome = 'erased';
    SELECT array_agg(DISTINCT x.email) FILTER (WHERE x.email IS NOT NULL), array_agg(DISTINCT x.phone) FILTER (WHERE x.phone IS NOT NULL)
    INTO v_emails, v_phones
    FROM (
        SELECT switchyard.normalised_identity('email', l.email::text) AS email, switchyard.normalised_identity('phone', l.phone::text) AS phone
        FROM public.leads l WHERE p_found_by = 'lead' AND l.id = ANY (v_todo)
        UNION ALL
        SELECT CASE WHEN p_found_by = 'email' THEN switchyard.normalised_identity('email', p_value) END,
            CASE WHEN p_found_by = 'phone' THEN switchyard.normalised_identity('phone', p_value) END
    ) x;

    IF v_todo IS NOT NULL THEN
        -- The triggers delete the queue row and the claims, as for every lead that expires.
        PERFORM set_config('search_path', NULL, true);
        UPDATE public.leads l SET routing_status = 'pending', routing_locked_by = NULL, routing_locked_at = NULL
        WHERE l.id = ANY (v_open) AND l.routing_status = 'routing';
        UPDATE public.leads l SET routing_status = 'expired', updated_at = v_now WHERE l.id = ANY (v_open);
        PERFORM set_config('search_path', '', true);
        INSERT INTO public.lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, attempt, actor, created_at)
        SELECT l.id, l.source_workspace_id, 'expired', 'The person was erased before the lead was assigned.', l.routing_attempts,
            p_actor, v_now
        FROM public.leads l WHERE l.id = ANY (v_open);
        IF p_forget_identity THEN
            DELETE FROM public.lead_identity_claims c WHERE c.lead_id = ANY (v_todo);
        END IF;

        -- A column that the installation has made NOT NULL is emptied instead.
        SELECT string_agg(format('%I = %s', a.attname, CASE
            WHEN a.attname = 'company_location' AND a.atttypid = 'jsonb'::regtype THEN
                $q$CASE WHEN pg_catalog.jsonb_typeof(l.company_location) = 'object' THEN pg_catalog.jsonb_strip_nulls(
                    pg_catalog.jsonb_build_object('country', l.company_location OPERATOR(pg_catalog.->) 'country',
                    'state', l.company_location OPERATOR(pg_catalog.->) 'state')) END$q$
            WHEN NOT a.attnotnull THEN 'NULL'
            WHEN a.atttypid IN ('jsonb'::regtype, 'json'::regtype) THEN $q$'{}'$q$
            ELSE $q$''$q$ END), ', ')
        INTO v_sets FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = 'public.leads'::regclass AND NOT a.attisdropped AND a.attname IN ('email', 'phone', 'first_name', 'last_name',
            'company_name', 'company_location', 'source', 'source_id', 'metadata');
        -- Past its expiry the lead is never decided again, even if it is queued again. The digest is kept only while a
        -- claim needs it to recognise duplicates.
        v_sets := format($q$
            UPDATE public.leads l SET %s, erased_at = $2, updated_at = $2, lead_expires_at = least(l.lead_expires_at, $2),
                routing_error = CASE WHEN l.routing_error IS NULL OR l.routing_error = ANY ($3) THEN l.routing_error ELSE '(erased)' END,
                dedupe_hash = CASE WHEN EXISTS (SELECT FROM public.lead_identity_claims c WHERE c.lead_id = l.id) THEN l.dedupe_hash END
            WHERE l.id = ANY ($1)
            $q$, v_sets);
        PERFORM set_config('search_path', NULL, true);
        EXECUTE v_sets USING v_todo, v_now, c_ours;
        PERFORM set_config('search_path', '', true);

        FOR v_line IN
            SELECT g.lead_id, g.id, g.created_at, n.*
            FROM public.lead_routing_logs g
            CROSS JOIN LATERAL (SELECT
                CASE WHEN g.reason IS NULL OR g.reason = ANY (c_ours) OR (g.rule_set_version IS NOT NULL AND g.routing_result <> 'returned'
                        -- The message of a function of the installation, which may say anything.
                        AND g.reason NOT LIKE '% The message: %')
                    THEN g.reason ELSE '(erased)' END AS reason,
                CASE WHEN g.error_message IS NULL OR g.error_message = ANY (c_ours)
                    OR (g.rule_set_version IS NOT NULL AND g.error_message = g.reason AND g.reason NOT LIKE '% The message: %')
                    THEN g.error_message ELSE '(erased)' END AS error,
                CASE WHEN jsonb_typeof(g.metadata) = 'object' THEN (SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}')
                    FROM jsonb_each(g.metadata) m WHERE m.key IN ('state', 'charged', 'counted')) ELSE '{}' END AS kept) n
            WHERE g.lead_id = ANY (v_todo) AND (n.reason IS DISTINCT FROM g.reason OR n.error IS DISTINCT FROM g.error_message
                OR n.kept <> coalesce(g.metadata, '{}'))
        LOOP
            -- Wait for statistics. Mark a row that was counted: rewritten, it looks like a new one.
            IF v_horizon IS NULL THEN
                SELECT w.horizon INTO v_horizon FROM switchyard.statistics_watermark w FOR UPDATE;
            END IF;
            UPDATE public.lead_routing_logs g
            SET reason = v_line.reason, error_message = v_line.error, metadata = v_line.kept || CASE
                WHEN switchyard.whole_xid(g.xmin, v_next) < v_horizon THEN '{"counted": true}' ELSE '{}' END::jsonb
            WHERE g.lead_id = v_line.lead_id AND g.created_at = v_line.created_at AND g.id = v_line.id;
        END LOOP;
        -- The rows of the log that a rollback of the migrations has kept.
        IF to_regclass('public.lead_routing_logs_before_rollback') IS NOT NULL THEN
            UPDATE public.lead_routing_logs_before_rollback b SET reason = NULL, error_message = NULL, metadata = NULL
            WHERE b.lead_id = ANY (v_todo) AND (b.reason IS NOT NULL OR b.error_message IS NOT NULL OR b.metadata IS NOT NULL);
        END IF;

        INSERT INTO switchyard.erasures (lead_id, erased_at, actor, found_by, on_behalf_of, status_before, keeps_identity)
        SELECT u.id, v_now, p_actor, p_found_by, p_workspace_id, u.status,
            EXISTS (SELECT FROM public.lead_identity_claims c WHERE c.lead_id = u.id)
        FROM unnest(v_id, v_outcome, v_before) u (id, outcome, status) WHERE u.outcome = 'erased';
    END IF;

    -- Golden leads should be made-up people. Where one is this person, erase the personal data in all versions.
    IF v_emails IS NOT NULL OR v_phones IS NOT NULL THEN
        v_emails := coalesce(v_emails, '{}');
        v_phones := coalesce(v_phones, '{}');
        IF EXISTS (SELECT FROM switchyard.golden_leads g WHERE (p_workspace_id IS NULL OR g.workspace_id = p_workspace_id)
            AND switchyard.without_person(g.content, v_emails, v_phones) <> g.content) THEN
            PERFORM set_config('switchyard.actor', p_actor, true), set_config('switchyard.action', 'edit', true),
                set_config('switchyard.note', 'A person was erased from an example.', true);
            UPDATE switchyard.golden_leads g SET content = switchyard.without_person(g.content, v_emails, v_phones), updated_at = now()
            WHERE (p_workspace_id IS NULL OR g.workspace_id = p_workspace_id)
                AND switchyard.without_person(g.content, v_emails, v_phones) <> g.content;
            GET DIAGNOSTICS v_examples = ROW_COUNT;
            -- The actor stays: the audit reads it at the commit.
            PERFORM set_config('switchyard.action', '', true),
                set_config('switchyard.note', '', true);
        END IF;
        UPDATE switchyard.rule_set_history h
        SET content = jsonb_set(h.content, '{content}', switchyard.without_person(h.content -> 'content', v_emails, v_phones))
        WHERE h.table_name = 'switchyard.golden_leads' AND (p_workspace_id IS NULL OR h.owner = p_workspace_id)
            AND switchyard.without_person(h.content -> 'content', v_emails, v_phones) <> h.content -> 'content';
        UPDATE switchyard.rule_set_drafts d
        SET document = jsonb_set(d.document, '{goldenLeads}', (SELECT coalesce(jsonb_agg(
            switchyard.without_person(e.value, v_emails, v_phones) ORDER BY e.ordinality), '[]')
            FROM jsonb_array_elements(d.document -> 'goldenLeads') WITH ORDINALITY e)),
            updated_at = greatest(clock_timestamp(), d.updated_at + interval '1 microsecond')
        WHERE jsonb_typeof(d.document -> 'goldenLeads') = 'array' AND (p_workspace_id IS NULL OR d.owner = p_workspace_id)
            AND EXISTS (SELECT FROM jsonb_array_elements(d.document -> 'goldenLeads') e
                WHERE switchyard.without_person(e.value, v_emails, v_phones) <> e.value);
        GET DIAGNOSTICS v_count = ROW_COUNT;
        v_examples := v_examples + v_count;
    END IF;

    RETURN QUERY
    SELECT w.id, coalesce(u.outcome, 'none'), v_examples
    FROM unnest(p_lead_ids) w (id) LEFT JOIN unnest(v_id, v_outcome) u (id, outcome) ON u.id = w.id
    UNION ALL
    SELECT NULL::uuid, 'none', v_examples WHERE v_examples > 0 AND cardinality(p_lead_ids) = 0;
END
$$;
COMMENT ON FUNCTION switchyard.erase_leads(uuid[], uuid, text, text, text, boolean) IS
    'Erases the personal data of these leads in all tables. Outcomes: erased; already; elsewhere (another workspace than p_workspace_id has the lead now); none (does not exist, or is not visible to p_workspace_id). If any lead is busy, nothing is done and only the busy ones are returned. examples: how many golden leads and drafts were changed.';
