-- fail_routing of the migration guide, and its batch form. What they write is in settle_decided.

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
