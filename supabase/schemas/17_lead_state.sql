-- The state machine of leads: triggers that refuse wrong transitions and keep the queue and the claims in step.
--
-- They serve leads that other programs write. Switchyard's own functions set switchyard.deciding = 'batch' around the statement that
-- writes leads, for that transaction, and maintain the queue themselves, a batch at a time. (A SET clause on those functions would be
-- tidier, but only a superuser may create such a function, and hosted servers do not grant that role.)
--
-- Each trigger names the row type of lead_routing_queue in its WHEN condition, in an expression that is always true. The rollback
-- printed in the guide drops that table with CASCADE in its second statement, and so drops these triggers before it drops the columns
-- they use.

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

CREATE TRIGGER switchyard_1_complete BEFORE INSERT ON public.leads
    FOR EACH ROW
    WHEN ((NEW.dedupe_hash IS NULL OR NEW.source_workspace_id IS NULL) AND NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.complete_lead_columns();

CREATE TRIGGER switchyard_2_identity BEFORE UPDATE ON public.leads
    FOR EACH ROW
    WHEN (NEW.routing_status = 'pending'
        AND (OLD.email IS DISTINCT FROM NEW.email OR OLD.phone IS DISTINCT FROM NEW.phone
            OR OLD.company_name IS DISTINCT FROM NEW.company_name)
        AND NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.complete_lead_columns();

-- Named to run before switchyard_2_identity, which fills the hash when a user edits an email address.
CREATE TRIGGER switchyard_0_guard BEFORE UPDATE ON public.leads
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

CREATE TRIGGER switchyard_3_enqueue AFTER INSERT ON public.leads
    FOR EACH ROW
    WHEN (NEW.routing_status = 'pending'
        AND current_setting('switchyard.deciding', true) IS DISTINCT FROM 'batch'
        AND NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.follow_lead_state();

CREATE TRIGGER switchyard_4_follow AFTER UPDATE ON public.leads
    FOR EACH ROW
    WHEN (OLD.routing_status IS DISTINCT FROM NEW.routing_status
        AND current_setting('switchyard.deciding', true) IS DISTINCT FROM 'batch'
        AND NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.follow_lead_state();

CREATE TRIGGER switchyard_5_erase AFTER DELETE ON public.leads
    FOR EACH ROW
    WHEN (NULL::public.lead_routing_queue IS NULL)
    EXECUTE FUNCTION switchyard.follow_lead_state();
