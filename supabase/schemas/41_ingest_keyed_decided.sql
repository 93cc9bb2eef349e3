-- Ingest with idempotency keys: a client that repeats a request with the same key gets the first answer, and no second lead.

CREATE TABLE switchyard.idempotency_keys (
    workspace_id uuid NOT NULL,
    key bytea NOT NULL CONSTRAINT idempotency_keys_key_check CHECK (octet_length(key) = 32),
    request bytea NOT NULL CONSTRAINT idempotency_keys_request_check CHECK (octet_length(request) = 32),
    lead_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, key)
);
-- For prune, which deletes keys after a day.
CREATE INDEX idempotency_keys_created ON switchyard.idempotency_keys (created_at);
COMMENT ON TABLE switchyard.idempotency_keys IS 'SHA-256 of the key that a client gave its request, and the lead that the request created; valid for 24 hours. The answer itself is the first log row of that lead.';

ALTER TABLE switchyard.idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON switchyard.idempotency_keys FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON switchyard.idempotency_keys TO service_role;
CREATE POLICY switchyard_service ON switchyard.idempotency_keys TO service_role USING (true) WITH CHECK (true);

-- ingest_decided for batches in which some leads (p_key not NULL) carry an idempotency key.
--
-- Two more outcomes: repeated (the same request was made before; duplicate_of is the lead it created) and mismatch
-- (another request has used the key). Neither writes anything. Every writer inserts keys before identities, in the
-- order of their bytes, so a transaction that waits for a key holds no identity.
CREATE OR REPLACE FUNCTION switchyard.ingest_keyed_decided(
    p_key bytea[], p_request bytea[],
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean,
    p_assignee uuid[], p_waiting_for uuid[], p_log_metadata text[], p_look boolean DEFAULT false
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_ordinal integer[];
    v_outcome text[];
    v_first uuid[];
    v_kept integer[];
    v_unwritten uuid[];
BEGIN
    IF p_rule_set_version IS NOT NULL
        AND NOT EXISTS (SELECT FROM switchyard.rule_set_version v WHERE v.version = p_rule_set_version) THEN
        RETURN QUERY SELECT 0, 'stale'::text, NULL::uuid;
        RETURN;
    END IF;
    -- A key may be used again after 24 hours.
    INSERT INTO switchyard.idempotency_keys AS k (workspace_id, key, request, lead_id, created_at)
    SELECT u.source, u.key, u.request, u.id, v_now
    FROM unnest(p_source, p_key, p_request, p_lead_id) u (source, key, request, id)
    WHERE u.key IS NOT NULL
    ORDER BY u.source, u.key
    ON CONFLICT (workspace_id, key) DO UPDATE
        SET request = excluded.request, lead_id = excluded.lead_id, created_at = excluded.created_at
        WHERE k.created_at < v_now - interval '24 hours';

    -- A new statement, so that it sees what the transaction we waited for has committed.
    SELECT array_agg(u.ord::integer), array_agg(CASE WHEN k.request = u.request THEN 'repeated' ELSE 'mismatch' END),
        array_agg(CASE WHEN k.request = u.request THEN k.lead_id END)
    INTO v_ordinal, v_outcome, v_first
    FROM unnest(p_source, p_key, p_request, p_lead_id) WITH ORDINALITY u (source, key, request, id, ord)
    JOIN switchyard.idempotency_keys k ON k.workspace_id = u.source AND k.key = u.key
    WHERE k.lead_id <> u.id;
    IF v_ordinal IS NOT NULL THEN
        RETURN QUERY SELECT * FROM unnest(v_ordinal, v_outcome, v_first);
    END IF;

    v_kept := ARRAY(SELECT i FROM generate_subscripts(p_lead_id, 1) i WHERE v_ordinal IS NULL OR i <> ALL (v_ordinal) ORDER BY i);
    IF v_ordinal IS NOT NULL THEN
        p_key := ARRAY(SELECT p_key[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_lead_id := ARRAY(SELECT p_lead_id[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_source := ARRAY(SELECT p_source[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_destination := ARRAY(SELECT p_destination[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_rule := ARRAY(SELECT p_rule[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_result := ARRAY(SELECT p_result[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_reason := ARRAY(SELECT p_reason[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_email := ARRAY(SELECT p_email[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_phone := ARRAY(SELECT p_phone[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_first_name := ARRAY(SELECT p_first_name[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_last_name := ARRAY(SELECT p_last_name[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_company_name := ARRAY(SELECT p_company_name[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_industry := ARRAY(SELECT p_industry[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_size := ARRAY(SELECT p_size[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_revenue := ARRAY(SELECT p_revenue[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_location := ARRAY(SELECT p_location[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_lead_source := ARRAY(SELECT p_lead_source[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_source_id := ARRAY(SELECT p_source_id[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_metadata := ARRAY(SELECT p_metadata[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_dedupe_hash := ARRAY(SELECT p_dedupe_hash[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_claim_1 := ARRAY(SELECT p_claim_1[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_claim_2 := ARRAY(SELECT p_claim_2[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_assignee := ARRAY(SELECT p_assignee[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_waiting_for := ARRAY(SELECT p_waiting_for[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
        p_log_metadata := ARRAY(SELECT p_log_metadata[i] FROM unnest(v_kept) WITH ORDINALITY k (i, n) ORDER BY n);
    END IF;

    SELECT array_agg(s.ordinal), array_agg(s.outcome), array_agg(s.duplicate_of) INTO v_ordinal, v_outcome, v_first
    FROM switchyard.ingest_decided(p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason, p_email,
        p_phone, p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source,
        p_source_id, p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat, p_assignee, p_waiting_for,
        p_log_metadata, p_look) s;
    IF v_ordinal IS NULL THEN
        RETURN;
    END IF;
    -- A lead that was not written has not used its key.
    SELECT array_agg(p_lead_id[u.ord]) INTO v_unwritten
    FROM unnest(v_ordinal, v_outcome) u (ord, outcome) WHERE u.outcome = 'again';
    IF 'stale' = ANY (v_outcome) THEN
        v_unwritten := p_lead_id;
    END IF;
    IF v_unwritten IS NOT NULL THEN
        DELETE FROM switchyard.idempotency_keys k USING unnest(p_source, p_key, p_lead_id) u (source, key, id)
        WHERE k.workspace_id = u.source AND k.key = u.key AND k.lead_id = u.id AND u.id = ANY (v_unwritten);
    END IF;
    RETURN QUERY
    SELECT CASE WHEN u.ord = 0 THEN 0 ELSE v_kept[u.ord] END, u.outcome, u.first
    FROM unnest(v_ordinal, v_outcome, v_first) u (ord, outcome, first);
END
$$;
COMMENT ON FUNCTION switchyard.ingest_keyed_decided(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[], boolean) IS
    'ingest_decided for batches with idempotency keys; also returns repeated (duplicate_of: the first lead) and mismatch.';
