-- Ingest towards capped destinations, with their counters locked no longer than a commit takes.

-- ingest_decided, or with keys ingest_keyed_decided, for leads that were decided without locking the counters of caps,
-- because there was room. p_scope and the arrays after it list the counters; lead p_charge_lead[i] counts in counter
-- p_charge_counter[i]. A lead that is not written as decided counts in none. If the caps have no room left for the
-- others, the function fails with SWCAP and nothing is written. Counters are locked last, so batches for the same
-- destination wait for each other's commit and no longer.
CREATE OR REPLACE FUNCTION switchyard.ingest_within_caps(
    p_key bytea[], p_request bytea[],
    p_rule_set_version bigint, p_lead_id uuid[], p_source uuid[], p_destination uuid[], p_rule uuid[], p_result text[],
    p_reason text[], p_email text[], p_phone text[], p_first_name text[], p_last_name text[], p_company_name text[],
    p_industry text[], p_size text[], p_revenue text[], p_location text[], p_lead_source text[], p_source_id text[],
    p_metadata text[], p_dedupe_hash text[], p_claim_1 bytea[], p_claim_2 bytea[], p_repeat boolean,
    p_assignee uuid[], p_waiting_for uuid[], p_log_metadata text[],
    p_scope smallint[], p_owner uuid[], p_member uuid[], p_period smallint[], p_limit bigint[], p_window bigint[],
    p_charge_lead integer[], p_charge_counter integer[], p_look boolean DEFAULT false
) RETURNS TABLE (ordinal integer, outcome text, duplicate_of uuid)
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_mergejoin = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_ordinal integer[];
    v_outcome text[];
    v_lost_to uuid[];
    v_taken bigint[];
BEGIN
    IF p_key IS NULL THEN
        SELECT array_agg(s.ordinal), array_agg(s.outcome), array_agg(s.duplicate_of) INTO v_ordinal, v_outcome, v_lost_to
        FROM switchyard.ingest_decided(p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason,
            p_email, p_phone, p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source, p_source_id,
            p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat, p_assignee, p_waiting_for, p_log_metadata, p_look) s;
    ELSE
        SELECT array_agg(s.ordinal), array_agg(s.outcome), array_agg(s.duplicate_of) INTO v_ordinal, v_outcome, v_lost_to
        FROM switchyard.ingest_keyed_decided(p_key, p_request, p_rule_set_version, p_lead_id, p_source, p_destination, p_rule, p_result, p_reason,
            p_email, p_phone, p_first_name, p_last_name, p_company_name, p_industry, p_size, p_revenue, p_location, p_lead_source, p_source_id,
            p_metadata, p_dedupe_hash, p_claim_1, p_claim_2, p_repeat, p_assignee, p_waiting_for, p_log_metadata, p_look) s;
    END IF;
    RETURN QUERY SELECT * FROM unnest(v_ordinal, v_outcome, v_lost_to);
    IF 'stale' = ANY (v_outcome) OR coalesce(cardinality(p_owner), 0) = 0 THEN
        RETURN;
    END IF;
    v_taken := ARRAY(
        SELECT count(c.counter) FROM generate_series(1, cardinality(p_owner)) n
        LEFT JOIN (
            SELECT u.counter FROM unnest(p_charge_lead, p_charge_counter) u (lead, counter)
            WHERE NOT EXISTS (SELECT FROM unnest(v_ordinal) x (lead) WHERE x.lead = u.lead)
        ) c ON c.counter = n
        GROUP BY n ORDER BY n);
    IF NOT switchyard.take_within_caps(p_scope, p_owner, p_member, p_period, p_limit, p_window, v_taken) THEN
        RAISE EXCEPTION 'The caps no longer have room for the whole batch.' USING ERRCODE = 'SWCAP';
    END IF;
END
$$;
COMMENT ON FUNCTION switchyard.ingest_within_caps(bytea[], bytea[], bigint, uuid[], uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bytea[], bytea[], boolean, uuid[], uuid[], text[], smallint[], uuid[], uuid[], smallint[], bigint[], bigint[], integer[], integer[], boolean) IS
    'Stores a batch of leads that were decided while their caps had room; locks the counters last, and fails with SWCAP if there is no room.';
