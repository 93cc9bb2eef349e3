"""Waiting leads: claimed by row lock, settled in the same transaction; leads that others insert; health; orphans."""
from harness import A, B, C, NOBODY, OWNER, ingest, lead, workspace


def settle(ids, result, destination=None, more="", attempts=5, version="switchyard.current_rule_set_version()"):
    """A call of settle_held; everything that has an e-mail claims it."""
    array = "ARRAY[" + ", ".join(f"'{lead(n)}'" for n in ids) + "]::uuid[]"
    destinations = "ARRAY[" + ", ".join(f"'{destination or A}'" for _ in ids) + "]::uuid[]"
    texts = lambda value: "ARRAY[" + ", ".join(f"'{value}'" for _ in ids) + "]::text[]"
    claims = f"ARRAY(SELECT (switchyard.lead_claims(l.email, l.phone, NULL))[{{}}] FROM unnest({array}) WITH ORDINALITY u (id, n) JOIN leads l ON l.id = u.id ORDER BY n)"
    return (f"SELECT * FROM switchyard.settle_held({version}, {array}, {destinations}, NULL, {texts(result)}, {texts('because')}, "
            f"NULL, {claims.format(1)}, {claims.format(2)}, {attempts}, NULL, NULL, NULL);")


def run(h):
    print("# Waiting leads")
    db = h.migrated()
    db.run(f"INSERT INTO leads (id, source_workspace_id, email) SELECT ('00000000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid, '{A}', n || '@example.com' FROM generate_series(1, 20) n")
    h.equal("a lead that another program inserts gets hash, source, expiry and a queue row", db.rows(
        f"SELECT l.dedupe_hash = generate_dedupe_hash(email, NULL, NULL), l.workspace_id, l.lead_expires_at > now() + interval '89 days', q.next_retry_at <= now() "
        f"FROM leads l JOIN lead_routing_queue q ON q.lead_id = l.id WHERE l.id = '{lead(1)}'"), [["t", A, "t", "t"]])
    db.run(f"UPDATE lead_routing_queue SET next_retry_at = now() - (20 - right(lead_id::text, 2)::int) * interval '1 second', attempt_number = 1 WHERE lead_id <> '{lead(19)}'; "
           f"UPDATE lead_routing_queue SET next_retry_at = now() + interval '1 hour' WHERE lead_id = '{lead(20)}'")
    h.equal("waiting leads are claimed in the order in which they are due", [r[0] for r in db.rows("SELECT unnest(switchyard.hold_turn(3, true))")], [lead(1), lead(2), lead(3)])
    h.equal("new leads are claimed separately from retries", db.rows("SELECT lead_id, attempts FROM switchyard.held_leads(switchyard.hold_turn(100, false))"), [[lead(19), "0"]])
    h.equal("hold_lead holds the named lead, due or not", db.rows(f"SELECT lead_id, source_workspace_id, email FROM switchyard.held_leads(switchyard.hold_lead('{lead(20)}'))"), [[lead(20), A, "20@example.com"]])
    results = db.at_once(["BEGIN; SELECT right(u::text, 2) FROM unnest(switchyard.hold_turn(5, true)) u; SELECT '-' FROM pg_sleep(1); COMMIT;"] * 5)
    taken = [line for r in results for line in r.split("\n") if line != "-"]
    h.equal("five concurrent claims take each lead once", (len(taken), len(set(taken))), (18, 18))
    h.equal("a session that has ended holds no lead", db.run("SELECT cardinality(switchyard.hold_turn(100, true))"), "18")

    out = db.run(f"BEGIN; SELECT cardinality(switchyard.hold_turn(6, true)); {settle([1, 2], 'success', B)} {settle([3], 'unmatched')} {settle([4], 'retry')} "
                 f"{settle([5], 'failed')} {settle([6], 'success', NOBODY)} COMMIT")
    h.equal("held leads can be settled in parts; settle_held returns exceptions only", out, "6\n1|failed|\n1|pending|")
    h.equal("each settled lead has its new state", db.rows(f"SELECT right(l.id::text, 1), routing_status, l.workspace_id, routing_attempts, q.attempt_number, routing_error FROM leads l LEFT JOIN lead_routing_queue q ON q.lead_id = l.id "
            f"WHERE l.id <= '{lead(6)}' ORDER BY 1"), [["1", "routed", B, "1", "", ""], ["2", "routed", B, "1", "", ""], ["3", "routed", A, "1", "", ""],
            ["4", "pending", A, "1", "1", "because"], ["5", "failed", A, "1", "", "because"],
            ["6", "pending", A, "1", "1", "The destination workspace does not exist, is closed, or is not active."]])
    h.equal("each settled lead is logged once; only leads that left their source are credited", db.rows("SELECT routing_result, count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM lead_attributions a WHERE a.lead_id = g.lead_id)) "
            "FROM lead_routing_logs g GROUP BY 1 ORDER BY 1"), [["failed", "1", "0"], ["retry", "2", "0"], ["success", "2", "2"], ["unmatched", "1", "0"]])
    for _ in range(2, 6):
        out = db.run(f"BEGIN; SELECT cardinality(switchyard.hold_lead('{lead(4)}')); {settle([4], 'retry')} COMMIT")
    h.equal("the fifth failed attempt makes the lead failed", out, "1\n1|failed|")
    h.equal("stale rules write nothing", db.run(f"BEGIN; SELECT cardinality(switchyard.hold_lead('{lead(7)}')); {settle([7], 'success', B, version='0')} COMMIT; "
            f"SELECT routing_status FROM leads WHERE id = '{lead(7)}'"), "1\n0|stale|\npending")
    db.run(ingest([{"id": lead(100), "source": C, "email": "8@Example.com"}]))
    h.equal("a waiting lead is a duplicate if another lead has claimed its identity", db.run(f"BEGIN; SELECT cardinality(switchyard.hold_lead('{lead(8)}')); {settle([8], 'success', B)} COMMIT"),
            f"1\n1|duplicate|{lead(100)}")
    h.equal("the duplicate stays in its source workspace", db.rows(f"SELECT routing_status, workspace_id, duplicate_of FROM leads WHERE id = '{lead(8)}'"), [["routed", A, lead(100)]])
    db.run(ingest([{"id": lead(101), "source": A, "result": "retry", "email": "keep@example.com"}]))
    h.equal("a waiting lead keeps its claim", db.run(ingest([{"id": lead(102), "source": B, "email": "keep@example.com"}])), f"1|duplicate|{lead(101)}")
    h.equal("a waiting lead is not a duplicate of itself", db.run(f"BEGIN; SELECT cardinality(switchyard.hold_lead('{lead(101)}')); {settle([101], 'success', B)} COMMIT"), "1")
    db.run(f"UPDATE leads SET email = 'changed@example.com' WHERE id = '{lead(9)}'")
    h.equal("a changed e-mail changes the hash of a waiting lead", db.run(f"SELECT dedupe_hash = generate_dedupe_hash('changed@example.com', NULL, NULL) FROM leads WHERE id = '{lead(9)}'"), "t")

    print("# A lead without a workspace")
    db.run(f"INSERT INTO leads (id, email) VALUES ('{lead(200)}', 'lost@example.com')")
    h.equal("a lead without a workspace is claimed with the nil UUID", db.run(f"SELECT source_workspace_id FROM switchyard.held_leads(switchyard.hold_lead('{lead(200)}'))"), "00000000-0000-0000-0000-000000000000")
    h.equal("a lead without a workspace cannot be kept", db.run(f"BEGIN; SELECT cardinality(switchyard.hold_lead('{lead(200)}')); {settle([200], 'unmatched')} COMMIT"), "1\n1|pending|")
    h.equal("a lead without a workspace can be routed", db.run(f"BEGIN; SELECT cardinality(switchyard.hold_lead('{lead(200)}')); {settle([200], 'success', B)} COMMIT; SELECT workspace_id FROM leads WHERE id = '{lead(200)}'"), f"1\n{B}")

    print("# Set-based functions")
    ids = "ARRAY[" + ", ".join(f"'{lead(n)}'" for n in (10, 11, 12, 13, 999)) + "]::uuid[]"
    h.equal("acquire_routing_locks locks the leads that can be locked", db.run(f"SELECT count(*) FROM switchyard.acquire_routing_locks({ids}, '{OWNER}')"), "4")
    h.equal("complete_routings completes the locked leads and refuses the other", [r[1] for r in db.rows(f"SELECT * FROM switchyard.complete_routings({ids}, array_fill('{B}'::uuid, ARRAY[5]), array_fill('{workspace(7)}'::uuid, ARRAY[5]), '{OWNER}') LIMIT 5")],
            ["routed"] * 4 + ["refused"])
    db.run(f"SELECT count(*) FROM switchyard.acquire_routing_locks(ARRAY['{lead(14)}', '{lead(15)}']::uuid[], '{OWNER}')")
    h.equal("fail_routings fails each lead once, however often it is named", [r[1] for r in db.rows(
        f"SELECT * FROM switchyard.fail_routings(ARRAY['{lead(14)}', '{lead(15)}', '{lead(14)}']::uuid[], ARRAY['a', 'b', 'c'], '{OWNER}', 5)")], ["pending", "pending", "refused"])

    print("# Orphans and health")
    db.run(f"DELETE FROM lead_routing_queue WHERE lead_id IN ('{lead(16)}', '{lead(17)}'); INSERT INTO lead_routing_queue (lead_id) VALUES ('{lead(1)}'), ('{lead(777)}')")
    h.equal("pending leads without a queue row are queued", db.run("SELECT switchyard.enqueue_orphans(10)"), "2")
    h.equal("queue rows without a pending lead are removed", db.run("SELECT count(*) FROM lead_routing_queue q LEFT JOIN leads l ON l.id = q.lead_id WHERE l.routing_status IS DISTINCT FROM 'pending'"), "0")
    health = db.rows("SELECT pending_count = (SELECT count(*) FROM leads WHERE routing_status = 'pending'), routing_count, failed_count, retry_queue_count = "
                     "(SELECT count(*) FROM lead_routing_queue WHERE attempt_number > 0), stale_lock_count, expired_count, success_rate BETWEEN 0.4 AND 0.9, oldest_pending_seconds >= 0 "
                     "FROM switchyard.routing_health()")
    h.equal("routing_health reports states, retries and the success rate", health, [["t", "0", "2", "t", "0", "0", "t", "t"]])
    h.equal("routing_health reports zeros in an empty database", h.migrated().rows("SELECT * FROM switchyard.routing_health()"), [["0", "0", "0", "0", "0", "0", "", ""]])
