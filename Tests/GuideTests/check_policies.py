"""Row-level security: a member who sees rows beside one who does not, API keys, and what neither may do."""
from harness import A, B, C, OWNER, OTHER, ingest, lead, workspace


def run(h):
    print("# Who sees what")
    db = h.migrated()
    rule = workspace(70)
    db.run(ingest([{"id": lead(1), "source": A, "destination": B, "rule": rule, "email": "one@example.com"},
                   {"id": lead(2), "source": A, "result": "queued", "email": "two@example.com"},
                   {"id": lead(3), "source": B, "result": "unmatched", "email": "three@example.com"}])
           + f"INSERT INTO routing_agreements VALUES ('{B}', '{A}'); INSERT INTO lead_routing_rules (id, workspace_id, rule_name, destination_workspace_id) VALUES "
           f"('{rule}', '{A}', 'own', '{B}'), ('{workspace(71)}', NULL, 'platform', '{B}'), ('{workspace(72)}', '{C}', 'other', '{C}')")
    key = lambda w: f"""SET LOCAL ROLE authenticated; SET LOCAL request.jwt.claims TO '{{"role":"authenticated","switchyard_workspace_id":"{w}"}}';"""
    user = lambda u: f"""SET LOCAL ROLE authenticated; SET LOCAL request.jwt.claims TO '{{"sub":"{u}"}}';"""
    counts = ("SELECT concat_ws(' ', (SELECT count(*) FROM leads), (SELECT count(*) FROM lead_routing_queue), (SELECT count(*) FROM lead_routing_logs), "
              "(SELECT count(*) FROM lead_attributions), (SELECT count(*) FROM workspaces), (SELECT count(*) FROM lead_routing_rules), "
              "(SELECT count(*) FROM routing_agreements), (SELECT count(*) FROM partners), (SELECT count(*) FROM user_workspaces), (SELECT count(*) FROM users));")
    seen = lambda who: db.run(f"BEGIN; {who} {counts} COMMIT")
    h.equal("a member of A: its leads, here and sent; its own rules, and none of the platform", seen(user(OWNER)), "2 1 1 1 1 1 1 1 1 1")
    h.equal("a member of C sees nothing of A and B", seen(user(OTHER)), "0 0 0 0 1 1 0 0 1 1")
    h.equal("the key of A sees as its members do", seen(key(A)), "2 1 1 1 1 1 1 1 1 0")
    h.equal("the key of B sees the leads that B received and its own leads", seen(key(B)), "2 0 2 0 1 0 1 0 0 0")
    h.equal("an unknown user sees no rows", seen("SET LOCAL ROLE authenticated; SET LOCAL request.jwt.claims.sub TO 'test-user-id';"), "0 0 0 0 0 0 0 0 0 0")
    h.equal("the guide's setting request.jwt.claims.sub works for a known user", db.run(f"BEGIN; SET LOCAL ROLE authenticated; SET LOCAL request.jwt.claims.sub TO '{OWNER}'; "
            "SELECT count(*) FROM lead_routing_queue; SELECT count(*) FROM lead_routing_logs; COMMIT"), "1\n1")
    h.equal("service_role sees all", db.run("BEGIN; SET LOCAL ROLE service_role; SELECT count(*) FROM leads; COMMIT"), "3")
    for table in ("leads", "lead_routing_queue", "lead_routing_logs", "lead_identity_claims", "workspaces", "switchyard.api_keys"):
        h.check(f"anon does not read {table}", db.refuses(f"BEGIN; SET LOCAL ROLE anon; SELECT * FROM {table}; COMMIT", "42501"))

    print("# What a policy cannot hide")
    db.run(ingest([{"id": lead(4), "source": A, "result": "unmatched", "email": "three@example.com"},
                   {"id": lead(5), "source": A, "result": "unmatched", "email": "two@example.com"}]))
    for who, name in ((user(OWNER), "a member"), (key(A), "a key")):
        for sql in ("SELECT duplicate_of FROM leads", "SELECT * FROM leads", "SELECT count(*) FROM leads WHERE duplicate_of IS NOT NULL",
                    "SELECT reason FROM lead_routing_logs", "SELECT metadata FROM lead_routing_logs", "SELECT duplicate_of FROM lead_routing_logs"):
            h.check(f"{name} is refused: {sql}", db.refuses(f"BEGIN; {who} {sql}; COMMIT", "42501"))
        h.equal(f"{name} learns that a lead is a duplicate, and of which if it is its own", db.run(
            f"BEGIN; {who} SELECT string_agg(switchyard.visible_duplicate(id)::text, ' ' ORDER BY id) FROM leads; COMMIT"),
            f"00000000-0000-0000-0000-000000000000 {lead(2)}")
    h.equal("who sees neither lead learns nothing", db.run(f"BEGIN; {user(OTHER)} SELECT switchyard.visible_duplicate('{lead(5)}'); COMMIT"), "")
    db.run(f"DELETE FROM leads WHERE id IN ('{lead(4)}', '{lead(5)}')")

    print("# Who may do what")
    for who, name in ((user(OWNER), "a member"), (key(A), "a key")):
        for sql in ("SELECT * FROM lead_identity_claims", "SELECT * FROM switchyard.api_keys", f"INSERT INTO lead_routing_queue (lead_id) VALUES ('{lead(9)}')",
                    "UPDATE lead_routing_queue SET attempt_number = 9", "DELETE FROM lead_routing_queue", "DELETE FROM lead_routing_logs",
                    "UPDATE lead_routing_logs SET reason = ''", f"INSERT INTO lead_routing_logs (lead_id, routing_result) VALUES ('{lead(1)}', 'success')",
                    "TRUNCATE lead_routing_logs", "UPDATE leads SET routing_status = 'routed'", "DELETE FROM leads", "UPDATE workspaces SET name = 'x'",
                    "UPDATE switchyard.rule_set_version SET version = 0", "SELECT * FROM switchyard.lead_routing_logs_default"):
            h.check(f"{name} is refused: {sql[:60]}", db.refuses(f"BEGIN; {who} {sql}; COMMIT", "42501"))
    for function in (f"acquire_routing_lock('{lead(2)}', '{OWNER}')", "release_stale_routing_locks()", "mark_expired_leads()", f"fail_routing('{lead(2)}', '', '{OWNER}', 1)",
                     f"complete_routing('{lead(2)}', '{A}', NULL, '{OWNER}')", "generate_dedupe_hash('a@b', NULL, NULL)", f"check_cross_partner_duplicate('', '{A}')",
                     "switchyard.enqueue_orphans(1)", "switchyard.hold_turn(1, false)", "switchyard.routing_health()", f"switchyard.requeue_lead('{lead(2)}', 'x')"):
        for role in ("anon", "authenticated"):
            h.check(f"{role} does not run {function.split('(')[0]}", db.refuses(f"BEGIN; SET LOCAL ROLE {role}; SELECT * FROM {function}; COMMIT", "42501"))
    db.run("GRANT UPDATE ON leads TO authenticated; CREATE POLICY theirs ON leads FOR UPDATE TO authenticated USING (true)")
    for column, value in (("routing_status", "'expired'"), ("routing_locked_by", f"'{OWNER}'"), ("routing_attempts", "7"), ("duplicate_of", f"'{lead(1)}'"),
                          ("dedupe_hash", "'x'"), ("lead_expires_at", "NULL"), ("source_workspace_id", f"'{C}'")):
        h.check(f"a member with UPDATE on leads cannot change {column}", db.refuses(
            f"BEGIN; {user(OWNER)} SET LOCAL switchyard.deciding = 'batch'; UPDATE leads SET {column} = {value} WHERE id = '{lead(2)}'; COMMIT", "42501"))
    db.run(f"BEGIN; {user(OWNER)} UPDATE leads SET email = 'edited@example.com' WHERE id = '{lead(2)}'; COMMIT")
    h.equal("a member with UPDATE on leads can change email", db.run(f"SELECT dedupe_hash = generate_dedupe_hash('edited@example.com', NULL, NULL) FROM leads WHERE id = '{lead(2)}'"), "t")

    print("# Rules and agreements by API key")
    does = lambda who, sql: db.run(f"BEGIN; {who} {sql}; COMMIT")
    add = "INSERT INTO lead_routing_rules (workspace_id, rule_name, destination_workspace_id) VALUES ({}, 'x', '{}')"
    version = int(db.run("SELECT switchyard.current_rule_set_version()"))
    does(key(A), add.format(f"'{A}'", B))
    does(key(A), add.format(f"'{A}'", A))
    h.check("a key adds rules of its workspace to destinations that have agreed, and the version rises", int(db.run("SELECT switchyard.current_rule_set_version()")) == version + 2)
    for name, sql in (("to a workspace that has not agreed", add.format(f"'{A}'", C)), ("for another workspace", add.format(f"'{B}'", B)), ("for the platform", add.format("NULL", B))):
        h.check(f"a key cannot add a rule {name}", db.refuses(f"BEGIN; {key(A)} {sql}; COMMIT", "42501"))
    h.check("a key cannot direct a rule to a destination that has not agreed", db.refuses(f"BEGIN; {key(A)} UPDATE lead_routing_rules SET destination_workspace_id = '{C}'; COMMIT", "42501"))
    h.equal("a key changes only the rules of its workspace", does(key(A), "WITH u AS (UPDATE lead_routing_rules SET priority = 5 RETURNING 1) SELECT count(*) FROM u"), "3")
    h.equal("a key deletes only the rules of its workspace", does(key(A), "WITH u AS (DELETE FROM lead_routing_rules RETURNING 1) SELECT count(*) FROM u"), "3")
    h.check("a member without a key cannot add a rule", db.refuses(f"BEGIN; {user(OWNER)} {add.format(chr(39) + A + chr(39), A)}; COMMIT", "42501"))
    does(key(A), f"INSERT INTO routing_agreements VALUES ('{A}', '{C}')")
    h.check("only the receiver can make an agreement", db.refuses(f"BEGIN; {key(A)} INSERT INTO routing_agreements VALUES ('{C}', '{A}'); COMMIT", "42501"))
    h.equal("only the receiver can end an agreement", does(key(C), "WITH u AS (DELETE FROM routing_agreements RETURNING 1) SELECT count(*) FROM u"), "0")

    print("# service_role without BYPASSRLS")
    h.equal("without BYPASSRLS, its policies let service_role read and route all leads", db.run("BEGIN; CREATE ROLE switchyard_guide_plain NOLOGIN NOBYPASSRLS IN ROLE service_role INHERIT; SET LOCAL ROLE switchyard_guide_plain; "
            f"SELECT count(*) FROM leads; SELECT acquire_routing_lock('{lead(2)}', '{OWNER}'); SELECT complete_routing('{lead(2)}', '{B}', NULL, '{OWNER}'); ROLLBACK"), "3\nt\nt")
