import FoundationEssentials
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadStore

/// The audit: what is in it, and that nothing can be changed, inserted or removed without notice.
@Suite struct AuditTests {
    /// Tables whose rows no person and no key changes, or whose changes are in the audit in another way.
    private static let exceptions: [String: String] = [
        "public.leads": "the path of every lead; returns, requeues and erasures append to the audit themselves",
        "public.lead_routing_queue": "follows leads",
        "public.lead_routing_logs": "append-only itself",
        "public.lead_identity_claims": "follows leads",
        "public.lead_attributions": "follows leads",
        "public.users": "written by the project's own program, at its own rate; invitations are audited in local_users",
        "public.partners": "written by the project's own program, at its own rate",
        "switchyard.access_version": "follows keys and workspaces",
        "switchyard.alert_notifications": "follows alerts",
        "switchyard.audit_log": "the audit itself",
        "switchyard.audit_turn": "never changed",
        "switchyard.idempotency_keys": "the path of every lead",
        "switchyard.migrations": "the ledger of migrations",
        "switchyard.nodes": "nodes report themselves",
        "switchyard.operator_log": "append-only itself",
        "switchyard.routing_state": "counters",
        "switchyard.routing_statistics": "counted from the log",
        "switchyard.routing_totals": "counted from the log",
        "switchyard.rule_notices": "written by nodes; the rule that is switched off is audited",
        "switchyard.rule_sizes": "follows the rules",
        "switchyard.rule_set_history": "follows the rules",
        "switchyard.rule_set_rollbacks": "written by nodes; its rules are audited",
        "switchyard.rule_set_tables": "set by migrations",
        "switchyard.rule_set_version": "follows the rules",
        "switchyard.scheduled_runs": "written by nodes",
        "switchyard.statistics_horizons": "counted from the log",
        "switchyard.statistics_watermark": "counted from the log",
        "switchyard.rate_buckets": "the path of requests",
        "switchyard.rate_leases": "the path of requests",
        "switchyard.sticky_destinations": "the path of leads",
        "switchyard.test_leads": "leads of test keys",
        "switchyard.waiting_reviews": "the path of waiting leads",
    ]

    /// A new table fails here, until `switchyard.keep_audit` is called for it or a reason is given.
    @Test func everyTableIsAuditedOrAnException() async throws {
        try await StoreFixture.with { fixture in
            let rows = try await fixture.run(
                """
                SELECT c.relnamespace::regnamespace::text || '.' || c.relname, (SELECT count(*) FROM pg_trigger t
                    WHERE t.tgrelid = c.oid AND t.tgname LIKE 'switchyard_audit%' AND t.tgenabled = 'O')
                FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
                    AND c.relnamespace IN ('public'::regnamespace, 'switchyard'::regnamespace)
                """
            )
            #expect(rows.count > 30)
            for row in rows {
                let isException = Self.exceptions[row[0]] != nil
                #expect((row[1] == "2") != isException && ["0", "2"].contains(row[1]), "\(row[0]): \(row[1]) triggers")
            }
        }
    }

    private func actions(_ fixture: StoreFixture) async throws -> [String] {
        try await fixture.run("SELECT action FROM switchyard.audit_log ORDER BY sequence").map { $0[0] }
    }

    private func fault(_ fixture: StoreFixture, expecting anchor: [UInt8]? = nil) async throws -> AuditChain.Fault? {
        var chain = AuditChain(anchor: anchor)
        do {
            for row in try await fixture.stores.audit.rows(after: 0, limit: 10_000) { try chain.read(row) }
        } catch let fault as AuditChain.Fault {
            return fault
        }
        return chain.hasAnchor ? nil : .missingAnchor
    }

    private func makeRule(_ fixture: StoreFixture, _ number: UInt8, as actor: String = "key:test") async throws {
        var rule = RuleChange()
        rule.name = "Rule \(number)"
        rule.destinationWorkspaceID = StoreFixture.b
        _ = try await fixture.stores.acting(as: actor).rules
            .create(id: .sample(number), owner: nil, rule, as: .administrator)
    }

    @Test func changesHaveActorBeforeAndAfter() async throws {
        try await StoreFixture.with { fixture in
            try await makeRule(fixture, 1)
            var change = RuleChange()
            change.priority = 7
            _ = try await fixture.stores.acting(as: "user:someone").rules.change(.sample(1), change, as: .administrator)
            _ = try await fixture.stores.acting(as: "command line").rules.delete(.sample(1), as: .administrator)
            let rows = try await fixture.stores.audit.newest(AuditFilter(), limit: 3)
            #expect(rows.map(\.action) == ["rule.delete", "rule.change", "rule.create"])
            #expect(rows.map(\.actor) == ["command line", "user:someone", "key:test"])
            #expect(rows.allSatisfy { $0.subjectID == UUID.sample(1).text })
            #expect(rows[1].before == #"{"priority": 0}"# && rows[1].after == #"{"priority": 7}"#)
            #expect(rows[2].before == nil && rows[2].after?.contains("Rule 1") == true)
            #expect(rows[0].after == nil && rows[0].before?.contains("Rule 1") == true)
            // A change that changes nothing, and the use of a key, are none.
            let count = rows[0].sequence
            try await fixture.run(
                """
                UPDATE workspaces SET name = name, updated_at = now();
                INSERT INTO switchyard.retention DEFAULT VALUES ON CONFLICT DO NOTHING;
                UPDATE switchyard.retention SET pruned_at = now()
                """
            )
            #expect(try await fixture.count("switchyard.audit_log") == Int(count))
            // By SQL: the user of the database, or the person of a token.
            try await fixture.run("UPDATE workspaces SET name = 'Renamed' WHERE id = '\(StoreFixture.c.text)'")
            let named = try await fixture.stores.audit.newest(AuditFilter(), limit: 1)
            #expect(named.first?.actor.hasPrefix("database:") == true && named.first?.workspaceID == StoreFixture.c)
        }
    }

    @Test func changesThatAreRolledBackAreNotInIt() async throws {
        try await StoreFixture.with { fixture in
            let before = try await fixture.count("switchyard.audit_log")
            try await fixture.run("BEGIN; UPDATE workspaces SET name = 'X'; ROLLBACK")
            #expect(try await fixture.count("switchyard.audit_log") == before)
        }
    }

    @Test func rowsCannotBeChanged() async throws {
        try await StoreFixture.with { fixture in
            try await makeRule(fixture, 1)
            // A statement after SET LOCAL is in the same implicit transaction.
            for role in ["", "SET LOCAL ROLE service_role; "] {
                for change in [
                    "UPDATE switchyard.audit_log SET actor = 'x'", "DELETE FROM switchyard.audit_log",
                    "TRUNCATE switchyard.audit_log",
                ] {
                    await #expect(throws: PostgresError.self, "\(role)\(change)") {
                        try await fixture.run(role + change)
                    }
                }
            }
            for role in ["service_role", "authenticated", "anon"] {
                await #expect(throws: PostgresError.self) {
                    try await fixture.run(
                        """
                        SET LOCAL ROLE \(role);
                        INSERT INTO switchyard.audit_log SELECT * FROM switchyard.audit_log
                        """
                    )
                }
            }
        }
    }

    /// What the owner of the database can do, and the chain shows.
    @Test func tamperingIsFound() async throws {
        let cases: [(String, @Sendable (AuditChain.Fault?) -> Bool)] = [
            ("UPDATE switchyard.audit_log SET actor = 'nobody' WHERE sequence = 3", { $0 == .changed(3) }),
            (
                #"UPDATE switchyard.audit_log SET after = after || '{"name": "x"}' WHERE sequence = 3"#,
                { $0 == .changed(3) }
            ),
            (
                "UPDATE switchyard.audit_log SET happened_at = happened_at + interval '1 microsecond' WHERE sequence = 3",
                { $0 == .changed(3) }
            ),
            ("UPDATE switchyard.audit_log SET hash = sha256('x') WHERE sequence = 3", { $0 == .changed(3) }),
            ("DELETE FROM switchyard.audit_log WHERE sequence = 3", { $0 == .gap(expected: 3, found: 4) }),
            ("DELETE FROM switchyard.audit_log WHERE sequence = 1", { $0 == .gap(expected: 1, found: 2) }),
            (
                """
                DELETE FROM switchyard.audit_log WHERE sequence = 3;
                UPDATE switchyard.audit_log SET sequence = sequence - 1 WHERE sequence > 3
                """, { $0 == .order(3) }
            ),
            (
                """
                UPDATE switchyard.audit_log SET sequence = -3 WHERE sequence = 3;
                UPDATE switchyard.audit_log SET sequence = 3 WHERE sequence = 4;
                UPDATE switchyard.audit_log SET sequence = 4 WHERE sequence = -3
                """, { $0 == .order(3) }
            ),
        ]
        try await StoreFixture.with { fixture in
            for number: UInt8 in 1...6 { try await makeRule(fixture, number) }
            try await fixture.run("CREATE TABLE saved AS SELECT * FROM switchyard.audit_log")
            #expect(try await fault(fixture) == nil)
            for (change, isFound) in cases {
                try await fixture.run("ALTER TABLE switchyard.audit_log DISABLE TRIGGER USER; \(change)")
                #expect(isFound(try await fault(fixture)), "\(change)")
                try await fixture.run(
                    "DELETE FROM switchyard.audit_log; INSERT INTO switchyard.audit_log SELECT * FROM saved"
                )
                #expect(try await fault(fixture) == nil)
            }
        }
    }

    @Test func cutEndIsFoundByTheAnchor() async throws {
        try await StoreFixture.with { fixture in
            for number: UInt8 in 1...4 { try await makeRule(fixture, number) }
            let anchor = try #require(try await fixture.stores.audit.newest(AuditFilter(), limit: 1).first?.hash)
            try await makeRule(fixture, 5)
            #expect(try await fault(fixture, expecting: anchor) == nil)
            try await fixture.run(
                """
                ALTER TABLE switchyard.audit_log DISABLE TRIGGER USER;
                DELETE FROM switchyard.audit_log WHERE sequence > (SELECT max(sequence) - 2 FROM switchyard.audit_log);
                ALTER TABLE switchyard.audit_log ENABLE TRIGGER USER
                """
            )
            #expect(try await fault(fixture) == nil)
            #expect(try await fault(fixture, expecting: anchor) == .missingAnchor)
            // It does not help to go on.
            try await makeRule(fixture, 6)
            #expect(try await fault(fixture, expecting: anchor) == .missingAnchor)
        }
    }

    /// Transactions that change several tables, in opposite orders, at once: none waits for another in a circle.
    @Test func concurrentChangesMakeOneChain() async throws {
        try await StoreFixture.with(connections: 12) { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "PERFORM FROM switchyard.audit_turn FOR UPDATE;",
                from: "append_audit",
                asked: "audit-turn"
            )
            let before = try await fixture.count("switchyard.audit_log")
            try await withThrowingTaskGroup { tasks in
                for number in 0..<40 {
                    tasks.addTask {
                        let steps = [
                            "UPDATE workspaces SET name = 'W \(number)' WHERE id = '\(StoreFixture.a.text)'",
                            "INSERT INTO user_workspaces (user_id, workspace_id) VALUES (gen_random_uuid(), '\(StoreFixture.c.text)')",
                        ]
                        let ordered = number.isMultiple(of: 2) ? steps : steps.reversed()
                        try await fixture.run(ordered.joined(separator: "; "))
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(try await fixture.count("switchyard.audit_log") == before + 80)
            #expect(try await fault(fixture) == nil)
        }
    }

    /// Personal data is masked by its kind, wherever it may be.
    @Test func personalDataIsMasked() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.run(
                #"""
                INSERT INTO workspace_assignees (workspace_id, name) VALUES ('\#(StoreFixture.a.text)', 'Plantedname');
                INSERT INTO switchyard.golden_leads (id, workspace_id, position, content) VALUES (gen_random_uuid(),
                    '\#(StoreFixture.a.text)', 1, '{"lead": {"email": "planted@example.com", "phone": "+1 415 555 0100",
                    "firstName": "Plantedname", "last_name": "Plantedname", "companyName": "Plantedname", "industry": "software",
                    "metadata": {"note": "Plantedname"}, "location": {"city": "Plantedname", "country": "US"}}}');
                INSERT INTO lead_routing_rules (workspace_id, rule_name, conditions, destination_workspace_id) VALUES
                    ('\#(StoreFixture.a.text)', 'Ask planted@example.com or +1 415 555 0100',
                    '{"where": {"all": [{"field": "email", "op": "equals", "value": "planted@example.com"},
                    {"field": "lastName", "op": "in", "value": ["Plantedname"]},
                    {"field": "companyName", "op": "equals", "value": "Plantedname"},
                    {"field": "city", "op": "equals", "value": "Plantedname"},
                    {"field": "metadata", "op": "equals", "value": "Plantedname"},
                    {"field": "industry", "op": "equals", "value": "software"}]}}', '\#(StoreFixture.b.text)');
                INSERT INTO switchyard.rule_set_drafts (owner, document, based_on, updated_by) VALUES ('\#(StoreFixture.a.text)',
                    '{"goldenLeads": [{"email": "planted@example.com", "firstName": "Plantedname"}]}', 1, 'x');
                INSERT INTO switchyard.routing_pauses (workspace_id, paused_by, reason) VALUES ('\#(StoreFixture.a.text)', 'x',
                    'Told by planted@example.com, +1 (415) 555-0100.');
                INSERT INTO switchyard.api_keys (prefix, secret_hash, name) VALUES ('prefix', 'plantedsecret', 'Key');
                UPDATE workspace_assignees SET name = 'Plantedname Two'
                """#
            )
            let text = try await fixture.run("SELECT l::text FROM switchyard.audit_log l").map { $0[0] }
                .joined(separator: "\n")
            let hexadecimal = "706c616e746564736563726574"
            for planted in [
                "Planted", "planted@", "415 555", "(415)", "555 0100", "555-0100", "plantedsecret", hexadecimal,
            ] {
                #expect(!text.contains(planted), "\(planted)")
            }
            for kept in [
                "(email)", "(phone)", "(name)", "(company)", "(place)", "(metadata)", "(secret)", "software",
                "SHA-256",
            ] {
                #expect(text.contains(kept), "\(kept)")
            }
            #expect(try await fault(fixture) == nil)
        }
    }
}
