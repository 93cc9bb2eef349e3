-- Which lead holds each identity, and so which of two duplicates came first.

CREATE TABLE public.lead_identity_claims (
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
CREATE UNIQUE INDEX lead_identity_claims_identity ON public.lead_identity_claims (substring(identity FROM 1 FOR 15));
COMMENT ON TABLE public.lead_identity_claims IS 'Which lead holds each identity: the unique index on its first 15 bytes lets exactly one of two duplicates win.';
COMMENT ON COLUMN public.lead_identity_claims.workspace_id IS 'The source workspace of that lead.';

ALTER TABLE public.lead_identity_claims ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REVOKE ALL ON public.lead_identity_claims FROM PUBLIC, anon, authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.lead_identity_claims TO service_role;
CREATE POLICY switchyard_service ON public.lead_identity_claims TO service_role USING (true) WITH CHECK (true);

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
