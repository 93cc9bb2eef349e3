"""ingest_decided: what it writes, what it returns, what it refuses."""
from harness import A, B, C, NOBODY, ingest, lead, workspace


def run(h):
    print("# Ingest")
    db = h.migrated()
    rule = workspace(70)
    out = db.run(ingest([
        {"id": lead(1), "source": A, "destination": B, "rule": rule, "result": "success", "email": "one@example.com", "phone": "555-010-0101",
         "location": '{"country": "US"}', "metadata": '{"a": 1}'},
        {"id": lead(2), "source": A, "result": "unmatched", "email": "two@example.com"},
        {"id": lead(3), "source": B, "destination": C, "result": "fallback", "company": "Acme Inc."},
        {"id": lead(4), "source": A, "result": "retry", "email": "four@example.com", "reason": "no rule yet"},
        {"id": lead(5), "source": A, "result": "queued", "email": "five@example.com"},
        {"id": lead(6), "source": A, "result": "unmatched"},
    ]))
    h.equal("ingest_decided returns exceptions only", out, "")
    h.equal("each lead is stored in its final state", db.rows("SELECT id, routing_status, workspace_id, routing_attempts, matched_rule_id, routed_at IS NOT NULL, "
            "dedupe_hash = generate_dedupe_hash(email, phone, company_name) FROM leads ORDER BY id"),
            [[lead(1), "routed", B, "1", rule, "t", "t"], [lead(2), "routed", A, "1", "", "t", "t"], [lead(3), "routed", C, "1", "", "t", "t"],
             [lead(4), "pending", A, "1", "", "f", "t"], [lead(5), "pending", A, "0", "", "f", "t"], [lead(6), "routed", A, "1", "", "t", ""]])
    h.equal("a retried lead is due after a minute, a queued lead now", db.rows("SELECT lead_id, attempt_number, extract(epoch FROM next_retry_at - created_at) BETWEEN 60 * attempt_number AND 66 * attempt_number FROM lead_routing_queue ORDER BY 1"),
            [[lead(4), "1", "t"], [lead(5), "0", "t"]])
    h.equal("each lead has a log row, except a queued lead", db.rows("SELECT lead_id, routing_result, destination_workspace_id, rule_set_version IS NOT NULL FROM lead_routing_logs ORDER BY 1"),
            [[lead(1), "success", B, "t"], [lead(2), "unmatched", A, "t"], [lead(3), "fallback", C, "t"], [lead(4), "retry", "", "t"], [lead(6), "unmatched", A, "t"]])
    h.equal("only leads that left their source workspace are credited", db.rows("SELECT lead_id, workspace_id, partner_id FROM lead_attributions ORDER BY 1"),
            [[lead(1), A, workspace(11)], [lead(3), B, ""]])
    h.equal("a lead claims its email and phone, or its company name alone", db.rows("SELECT lead_id, count(*) FROM lead_identity_claims GROUP BY 1 ORDER BY 1"),
            [[lead(1), "2"], [lead(2), "1"], [lead(3), "1"], [lead(4), "1"], [lead(5), "1"]])

    print("# Duplicates")
    out = db.run(ingest([
        {"id": lead(10), "source": B, "destination": C, "email": "new@example.com", "phone": "+1 (555) 010-0101"},
        {"id": lead(11), "source": B, "destination": C, "email": "NEW@example.com"},
        {"id": lead(12), "source": B, "destination": C, "email": "free@example.com"},
        {"id": lead(13), "source": C, "destination": B, "email": "Free@Example.com"},
        {"id": lead(14), "source": B, "destination": C, "company": "ACME"},
    ])).split("\n")
    h.equal("duplicates are found by either identity and within a batch; a lead that lost to a loser gets again", sorted(out),
            sorted([f"1|duplicate|{lead(1)}", "2|again|", f"4|duplicate|{lead(12)}", f"5|duplicate|{lead(3)}"]))
    h.equal("a duplicate stays in its source workspace, names its original, and is not credited", db.rows(
        f"SELECT routing_status, workspace_id, duplicate_of, (SELECT count(*) FROM lead_attributions a WHERE a.lead_id = l.id), "
        f"(SELECT routing_result FROM lead_routing_logs g WHERE g.lead_id = l.id) FROM leads l WHERE id = '{lead(10)}'"), [["routed", B, lead(1), "0", "duplicate"]])
    h.equal("a lead with the outcome again is not written", db.run(f"SELECT (SELECT count(*) FROM leads WHERE id = '{lead(11)}') + (SELECT count(*) FROM lead_routing_logs WHERE lead_id = '{lead(11)}') "
            f"+ (SELECT count(*) FROM lead_identity_claims WHERE lead_id = '{lead(11)}')"), "0")
    h.equal("the other identity of a duplicate stays free", db.run(ingest([{"id": lead(15), "source": C, "email": "new@example.com"}])), "")
    h.equal("the guide's check finds another workspace's lead", db.rows(
        f"SELECT duplicate_lead_id, duplicate_workspace_id, created_at IS NOT NULL FROM check_cross_partner_duplicate(generate_dedupe_hash('One@example.com', NULL, NULL), '{B}')"),
        [[lead(1), A, "t"]])
    h.equal("the guide's check does not find a lead of the same workspace", db.run(f"SELECT count(*) FROM check_cross_partner_duplicate(generate_dedupe_hash('one@example.com', NULL, NULL), '{A}')"), "0")
    h.equal("the guide's check finds nothing for an invalid hash", db.run(f"SELECT count(*) FROM (VALUES ('abc'), (''), (NULL), (repeat('g', 64))) v (x), check_cross_partner_duplicate(x, '{A}')"), "0")

    print("# A lead routed from A to B arrives again at B")
    h.equal("a lead that its receiver sends again is a duplicate", db.run(ingest([{"id": lead(16), "source": B, "email": "one@example.com"}])), f"1|duplicate|{lead(1)}")

    print("# Claims end")
    db.run(f"UPDATE leads SET lead_expires_at = now() WHERE id = '{lead(4)}'; SELECT mark_expired_leads()")
    h.equal("claims end when the lead expires", db.run(ingest([{"id": lead(20), "source": B, "email": "four@example.com"}])), "")
    db.run(f"DELETE FROM leads WHERE id = '{lead(1)}'")
    h.equal("claims end when the lead is deleted", db.run(ingest([{"id": lead(21), "source": B, "email": "one@example.com", "phone": "5550100101"}])), "")
    owner = workspace(500)
    db.run(f"SELECT acquire_routing_lock('{lead(5)}', '{owner}'); SELECT fail_routing('{lead(5)}', 'x', '{owner}', 1)")
    h.equal("claims end when the lead fails for good", db.run(ingest([{"id": lead(22), "source": B, "email": "five@example.com"}])), "")

    print("# Repeats, stale rules, refusals")
    batch = [{"id": lead(30), "source": A, "email": "r1@example.com"}, {"id": lead(31), "source": A, "email": "r2@example.com"}]
    db.run(ingest(batch[:1]))
    h.equal("a repeated batch reports stored leads and stores the others", db.run(ingest(batch, repeat=True)), "1|exists|")
    h.equal("a repeated batch stores each lead once", db.run(f"SELECT count(*), count(DISTINCT lead_id) FROM lead_routing_logs WHERE lead_id IN ('{lead(30)}', '{lead(31)}')"), "2|2")
    h.check("a batch with a stored lead is refused if p_repeat is false", db.refuses(ingest(batch[:1]), "23505"))
    h.equal("a batch decided under an old version writes nothing", db.run(ingest([{"id": lead(32), "source": A}], version="0") + f" SELECT count(*) FROM leads WHERE id = '{lead(32)}'"), "0|stale|\n0")
    h.equal("the version of a batch is not checked if it is NULL", db.run(ingest([{"id": lead(33), "source": A, "result": "queued"}], version="NULL")), "")
    for name, change, state in (("an unknown destination", {"destination": NOBODY}, "23503"), ("an unknown source", {"source": NOBODY, "destination": A}, "23503"),
                                ("an unknown result", {"result": "routed"}, "22023"), ("metadata that is no JSON", {"metadata": "{"}, "22P02")):
        h.check(f"{name} refuses the batch", db.refuses(ingest([{"id": lead(34), "source": A, "email": "s@example.com"} | change]), state))
    h.equal("a refused batch leaves no claim", db.run(f"SELECT count(*) FROM lead_identity_claims WHERE lead_id = '{lead(34)}'"), "0")
    h.equal("an empty batch returns nothing", db.run(ingest([])), "")

    print("# The version of the rules")

    def rises(sql):
        before, after = db.run(f"SELECT switchyard.current_rule_set_version(); {sql}; SELECT switchyard.current_rule_set_version()").split("\n")
        return int(after) > int(before)

    for name, sql in (("a rule", f"INSERT INTO lead_routing_rules (id, rule_name, destination_workspace_id) VALUES ('{rule}', 'r', '{B}')"),
                      ("a changed rule", f"UPDATE lead_routing_rules SET priority = 1 WHERE id = '{rule}'"), ("a deleted rule", "DELETE FROM lead_routing_rules"),
                      ("an agreement", f"INSERT INTO routing_agreements VALUES ('{A}', '{B}')"), ("a deleted agreement", "DELETE FROM routing_agreements"),
                      ("a paused workspace", f"UPDATE workspaces SET routing_paused_at = now() WHERE id = '{C}'"), ("a new workspace", "INSERT INTO workspaces (name) VALUES ('N')")):
        h.check(f"the version rises with {name}", rises(sql))
    h.check("the version does not rise with columns that routing does not read", not rises("UPDATE workspaces SET updated_at = now()"))
    h.check("the version does not rise with changes of leads", not rises("UPDATE leads SET first_name = 'x'"))
