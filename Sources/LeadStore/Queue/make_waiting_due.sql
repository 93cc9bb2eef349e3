-- Makes waiting leads due now, in the order given; rows that a claim has locked are skipped.
UPDATE public.lead_routing_queue q SET next_retry_at = clock_timestamp() + d.ord * interval '1 microsecond'
FROM (
    SELECT w.lead_id, u.ord FROM unnest(:leads::uuid[]) WITH ORDINALITY u (id, ord)
    JOIN public.lead_routing_queue w ON w.lead_id = u.id
    WHERE w.next_retry_at > clock_timestamp()
    FOR UPDATE OF w SKIP LOCKED
) d
WHERE q.lead_id = d.lead_id
RETURNING q.lead_id
