"""Takes one guard out of the throw-away database: the harness has to notice."""

FENCING = """
DO $$
DECLARE
    v_text text := pg_get_functiondef('switchyard.settle_decided'::regproc);
BEGIN
    IF strpos(v_text, 'l.routing_locked_by = p_owner') = 0 THEN
        RAISE EXCEPTION 'The comparison was not found.';
    END IF;
    EXECUTE replace(v_text, 'l.routing_locked_by = p_owner', 'true');
END
$$;
"""
CLAIMS = """
DROP INDEX lead_identity_claims_identity;
CREATE INDEX lead_identity_claims_not_unique ON lead_identity_claims (substring(identity FROM 1 FOR 15));
"""
ATTRIBUTIONS = """
ALTER TABLE lead_attributions DROP CONSTRAINT lead_attributions_pkey;
CREATE INDEX lead_attributions_not_unique ON lead_attributions (lead_id);
"""
CAPS = """
DO $$
DECLARE
    v_text text := pg_get_functiondef('switchyard.take_routing_state'::regproc);
BEGIN
    IF strpos(v_text, 's.amount + k.amount') = 0 THEN
        RAISE EXCEPTION 'The sum was not found.';
    END IF;
    EXECUTE replace(v_text, 's.amount + k.amount', 's.amount');
END
$$;
"""
LOG = "DROP TRIGGER switchyard_keep_rows_as_they_are ON lead_routing_logs;"

# By name: the statements, and what is gone then.
GUARDS = {
    "fencing": (FENCING, "the comparison of the lock's owner in switchyard.settle_decided"),
    "claims": (CLAIMS, "the unique index of identities on lead_identity_claims"),
    "attributions": (ATTRIBUTIONS, "the primary key of lead_attributions"),
    "caps": (CAPS, "what counts leads under a cap, in switchyard.take_routing_state"),
    "log": (LOG, "the trigger that keeps the log append-only"),
}
