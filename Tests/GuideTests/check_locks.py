"""Many at once: locks, twins from two partners, a takeover while the old owner completes."""
from harness import A, B, C, OWNER, OTHER, ingest, lead


def run(h):
    print("# Hundreds of simultaneous locks")
    db = h.migrated()
    db.run(f"INSERT INTO leads (id, workspace_id, email) SELECT ('00000000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid, '{A}', n || '@example.com' "
           "FROM generate_series(1, 12) n")
    takes = "\n".join(f"SELECT count(*) FILTER (WHERE acquire_routing_lock('{lead(n)}', gen_random_uuid())) FROM (SELECT 1) x;" for n in range(1, 13))
    results = db.at_once([takes] * 40)
    wins = [[int(x) for x in r.split("\n")] for r in results if not r.startswith("error")]
    h.equal("40 sessions, 480 attempts, none refused by the server", len(wins), 40)
    h.equal("each of 12 leads is locked exactly once", [sum(w[n] for w in wins) for n in range(12)], [1] * 12)
    h.equal("each locked lead has one attempt", db.run("SELECT count(*) FROM leads WHERE routing_status = 'routing' AND routing_attempts = 1"), "12")
    h.equal("the queue is empty", db.run("SELECT count(*) FROM lead_routing_queue"), "0")

    print("# A stale lock taken over while the old owner completes")
    for n in range(1, 13):
        db.run(f"UPDATE leads SET routing_locked_by = '{OWNER}', routing_locked_at = now() - interval '6 minutes' WHERE id = '{lead(n)}'")
    calls = []
    for n in range(1, 13):
        calls += [f"SELECT complete_routing('{lead(n)}', '{B}', NULL, '{OWNER}');",
                  f"SELECT acquire_routing_lock('{lead(n)}', '{OTHER}'); SELECT complete_routing('{lead(n)}', '{C}', NULL, '{OTHER}');"]
    results = db.at_once(calls)
    pairs = [(results[k], results[k + 1]) for k in range(0, 24, 2)]
    h.check("exactly one of the two owners completes each lead", all(p in (("t", "f\nf"), ("f", "t\nt")) for p in pairs), str(pairs))
    h.equal("each lead is completed once, credited once, logged once", db.run(
        "SELECT count(*) FILTER (WHERE l.routing_status = 'routed' AND (SELECT count(*) FROM lead_routing_logs g WHERE g.lead_id = l.id) = 1 "
        "AND (SELECT count(*) FROM lead_attributions a WHERE a.lead_id = l.id) = 1) FROM leads l"), "12")

    print("# Twins from two partners")
    db = h.migrated()
    calls = []
    for n in range(1, 21):
        calls += [ingest([{"id": lead(2 * n), "source": A, "destination": C, "email": f"Twin{n}@example.com", "phone": f"555010{1000 + n}"}]),
                  ingest([{"id": lead(2 * n + 1), "source": B, "destination": C, "email": f"twin{n}@EXAMPLE.com"}])]
    results = db.at_once(calls)
    h.equal("no session is refused", [r for r in results if r.startswith("error")], [])
    h.check("one answer of each pair is duplicate", all(sorted(("duplicate" in results[k], "duplicate" in results[k + 1])) == [False, True]
            for k in range(0, 40, 2)), str(results))
    h.equal("20 leads are in the destination, 20 duplicates in their source workspace, 20 credits exist", db.rows(
        f"SELECT count(*) FILTER (WHERE workspace_id = '{C}' AND duplicate_of IS NULL), count(*) FILTER (WHERE workspace_id = source_workspace_id "
        "AND duplicate_of IS NOT NULL AND routing_status = 'routed'), (SELECT count(*) FROM lead_attributions) FROM leads"), [["20", "20", "20"]])
    h.equal("duplicates are logged as duplicates, not as successes", db.rows("SELECT routing_result, count(*) FROM lead_routing_logs GROUP BY 1 ORDER BY 1"),
            [["duplicate", "20"], ["success", "20"]])
    h.equal("no claim is held by a duplicate", db.run("SELECT count(*) FROM lead_identity_claims c JOIN leads l ON l.id = c.lead_id WHERE l.duplicate_of IS NOT NULL"), "0")

    print("# Twins completed at the same instant by the guide's functions")
    for n in range(200, 220):
        db.run(f"INSERT INTO leads (id, workspace_id, email) VALUES ('{lead(n)}', '{A if n % 2 else B}', 'pair{n // 2}@example.com'); "
               f"SELECT acquire_routing_lock('{lead(n)}', '{OWNER}')")
    results = db.at_once([f"SELECT complete_routing('{lead(n)}', '{C}', NULL, '{OWNER}');" for n in range(200, 220)])
    h.check("one of each pair is routed", all(sorted(results[k:k + 2]) == ["f", "t"] for k in range(0, 20, 2)), str(results))
    h.equal("the other of each pair stays in its source workspace, routed", db.run("SELECT count(*) FROM leads WHERE duplicate_of IS NOT NULL AND routing_status = 'routed' "
            f"AND workspace_id = source_workspace_id AND id >= '{lead(200)}'"), "10")

    print("# Batches that share identities in opposite orders")
    db = h.migrated()
    calls = []
    for n in range(8):
        order = range(60) if n % 2 else range(59, -1, -1)
        calls.append(ingest([{"id": lead(1000 * (n + 1) + k), "source": A if n % 2 else B, "destination": C, "email": f"shared{k}@example.com",
                              "phone": f"55502{10000 + (k * 7) % 60}"} for k in order]))
    results = db.at_once(calls)
    h.equal("no deadlock", [r for r in results if r.startswith("error")], [])
    h.equal("every identity has one lead", db.run("SELECT count(*), count(DISTINCT email) FROM leads WHERE duplicate_of IS NULL AND routing_status = 'routed'").split("|")[0:1],
            db.run("SELECT count(DISTINCT c.lead_id) FROM lead_identity_claims c").split("|"))
    h.equal("every lead is a winner with claims or a duplicate without claims", db.run("SELECT count(*) FROM leads l WHERE (duplicate_of IS NULL) = "
            "NOT EXISTS (SELECT FROM lead_identity_claims c WHERE c.lead_id = l.id)"), "0")
