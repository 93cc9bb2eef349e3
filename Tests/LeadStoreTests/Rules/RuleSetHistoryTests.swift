import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

/// Every version of the rule set can be read again, exactly as it was.
@Suite struct RuleSetHistoryTests {
    /// The parts of a rule set in a fixed order, so that two can be compared.
    private struct Picture: Equatable {
        let workspaces: [Workspace]
        let rules: [RoutingRule]
        let agreements: Set<RoutingAgreement>
        let pauses: RoutingPauses

        init(_ snapshot: RuleSetSnapshot) {
            workspaces = snapshot.workspaces.sorted { $0.id < $1.id }
            rules = snapshot.rules.sorted { $0.precedes($1) }
            agreements = Set(snapshot.agreements)
            pauses = snapshot.pauses
        }
    }

    private static let edits: [@Sendable (Int) -> String] = [
        { n in
            """
            INSERT INTO lead_routing_rules (workspace_id, rule_name, priority, conditions, destination_workspace_id)
            VALUES ('\(StoreFixture.a.text)', 'R\(n)', \(n % 7), '{"industries": ["I\(n)"]}', '\(StoreFixture.b.text)')
            """
        },
        { n in
            """
            INSERT INTO lead_routing_rules (rule_name, priority, conditions, destination_workspace_id)
            SELECT 'P\(n)-' || i, i, '{"us_states": ["CA"]}', '\(StoreFixture.c.text)' FROM generate_series(1, 3) i
            """
        },
        { n in "UPDATE lead_routing_rules SET priority = priority + \(n) WHERE priority % 3 = \(n % 3)" },
        { n in "UPDATE lead_routing_rules SET is_active = NOT is_active, updated_at = now() WHERE rule_name < 'P\(n)'"
        },
        { n in "DELETE FROM lead_routing_rules WHERE priority % 11 = \(n % 11)" },
        { _ in "DELETE FROM lead_routing_rules WHERE id = (SELECT min(id::text)::uuid FROM lead_routing_rules)" },
        { n in
            """
            INSERT INTO routing_agreements VALUES ('\(StoreFixture.b.text)', '\(StoreFixture.a.text)')
            ON CONFLICT (receiving_workspace_id, sending_workspace_id) DO UPDATE SET created_at = now()
            """
        },
        { _ in "DELETE FROM routing_agreements" },
        { n in "UPDATE workspaces SET name = 'B\(n)' WHERE id = '\(StoreFixture.b.text)'" },
        { n in
            """
            UPDATE workspaces SET routing_paused_at = CASE WHEN routing_paused_at IS NULL THEN now() END,
                unmatched_policy = (ARRAY['keep', 'retry'])[\(n % 2 + 1)]
            """
        },
        { n in "INSERT INTO workspaces (id, name) VALUES (gen_random_uuid(), 'W\(n)')" },
        { n in "UPDATE workspaces SET deleted_at = now() WHERE name LIKE 'W%' AND length(name) = \(n % 3 + 2)" },
        { n in
            """
            INSERT INTO switchyard.routing_pauses (workspace_id, paused_by) VALUES ('\(StoreFixture.a.text)', 'n\(n)')
            ON CONFLICT DO NOTHING
            """
        },
        { _ in "DELETE FROM switchyard.routing_pauses" },
        { n in
            """
            UPDATE lead_routing_rules SET priority = 1 WHERE rule_name LIKE 'R%';
            DELETE FROM lead_routing_rules WHERE rule_name = 'R\(n - 4)';
            UPDATE lead_routing_rules SET priority = \(n) WHERE rule_name LIKE 'R%'
            """
        },
        { n in
            """
            BEGIN; UPDATE lead_routing_rules SET priority = -1; ROLLBACK;
            BEGIN; SAVEPOINT s; DELETE FROM lead_routing_rules; ROLLBACK TO s;
            UPDATE lead_routing_rules SET rule_name = rule_name || '.' WHERE priority = \(n % 5); COMMIT
            """
        },
    ]

    /// Four connections edit at random while a fifth reads; each version that it read is still the same later.
    @Test(arguments: [1, 2]) func everyVersionIsRestoredExactly(seed: UInt64) async throws {
        try await StoreFixture.with(connections: 8) { fixture in
            let stores = fixture.stores
            let first = try await stores.ruleSets.version()
            try await withThrowingTaskGroup(of: [Int64: Picture].self) { group in
                for editor in 0..<4 {
                    group.addTask {
                        var numbers = SeededNumbers(seed: seed * 100 + UInt64(editor))
                        for turn in 0..<40 {
                            let edit = Self.edits.randomElement(using: &numbers) ?? Self.edits[0]
                            // Edits are serialised, so none of them ends in a deadlock.
                            try await fixture.run(edit(turn * 4 + editor))
                        }
                        return [:]
                    }
                }
                group.addTask {
                    var seen: [Int64: Picture] = [:]
                    for _ in 0..<120 {
                        let snapshot = try await stores.ruleSets.load()
                        seen[snapshot.version] = Picture(snapshot)
                    }
                    return seen
                }
                var seen: [Int64: Picture] = [:]
                for try await part in group { seen.merge(part) { first, _ in first } }
                let last = try await stores.ruleSets.load()
                seen[last.version] = Picture(last)
                #expect(seen.count > 3)
                for (version, picture) in seen {
                    #expect(
                        Picture(try await stores.ruleSets.load(asOf: version)) == picture,
                        "version \(version)"
                    )
                }
                // Every version has its author, and none is missing.
                let versions = try await fixture.value(
                    "SELECT count(*) FROM switchyard.rule_set_versions WHERE version > \(first)"
                )
                #expect(versions == "\(last.version - first)")
            }
            #expect(try await fixture.value("SELECT switchyard.repair_rule_set_history()") == "0")
        }
    }

    @Test func irrelevantChangesMakeNoVersion() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.run(
                """
                INSERT INTO lead_routing_rules (rule_name, destination_workspace_id) VALUES ('R', '\(StoreFixture.a.text)');
                ALTER TABLE workspaces ADD COLUMN colour text
                """
            )
            let version = try await fixture.stores.ruleSets.version()
            for nothing in [
                "UPDATE workspaces SET colour = 'red', updated_at = now()", "UPDATE workspaces SET name = name",
                "UPDATE lead_routing_rules SET updated_at = now() + interval '1 day'",
                "UPDATE lead_routing_rules SET priority = 7 WHERE rule_name = 'nobody'",
                "DELETE FROM routing_agreements", "TRUNCATE routing_agreements",
            ] {
                try await fixture.run(nothing)
                #expect(try await fixture.stores.ruleSets.version() == version, "\(nothing)")
            }
            try await fixture.run(
                "BEGIN; UPDATE workspaces SET name = 'X'; UPDATE lead_routing_rules SET priority = 3; COMMIT"
            )
            #expect(try await fixture.stores.ruleSets.version() == version + 1)
        }
    }

    /// A new column of workspaces must be listed here: if routing reads it, its history is kept.
    @Test func everyWorkspaceColumnIsClassified() async throws {
        try await StoreFixture.with { fixture in
            let irrelevant: Set<String> = []
            let undecided = try await fixture.run(
                """
                SELECT a.attname FROM pg_attribute a
                WHERE a.attrelid = 'workspaces'::regclass AND a.attnum > 0 AND NOT a.attisdropped
                    AND a.attname <> ALL ((SELECT t.columns FROM switchyard.rule_set_tables t
                        WHERE t.table_name = 'public.workspaces')::name[])
                """
            )
            #expect(undecided.compactMap(\.first).filter { !irrelevant.contains($0) } == [])
        }
    }

    @Test func versionsHaveAuthors() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            var change = RuleChange()
            change.name = "R"
            change.destinationWorkspaceID = StoreFixture.a
            _ = try await stores.acting(as: "key:abc")
                .rules.create(id: .sample(1), owner: StoreFixture.a, change, as: .workspace(StoreFixture.a))
            let made = try #require(try await stores.ruleSets.version(stores.ruleSets.version(), as: .administrator))
            #expect(made.actor == "key:abc")
            #expect(made.action == .edit)
            #expect(made.owners == [StoreFixture.a])
            _ = try await stores.pauses.begin(of: nil, reason: nil, actor: "command line")
            let paused = try #require(try await stores.ruleSets.version(stores.ruleSets.version(), as: .administrator))
            #expect(paused.actor == "command line")
            #expect(paused.owners == [])
            try await fixture.run("UPDATE lead_routing_rules SET workspace_id = NULL")
            let moved = try #require(try await stores.ruleSets.version(stores.ruleSets.version(), as: .administrator))
            #expect(moved.action == .sql)
            #expect(moved.actor == (try await fixture.value("SELECT session_user")))
            #expect(Set(moved.owners) == [StoreFixture.a, nil])
        }
    }

    /// Not among the random edits: PostgreSQL shows a truncated table as empty to older snapshots too, so a live read
    /// is no reference there.
    @Test func truncatedRulesAreInHistory() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            try await fixture.run(
                """
                INSERT INTO lead_routing_rules (rule_name, destination_workspace_id) VALUES ('R', '\(StoreFixture.a.text)'),
                    ('S', '\(StoreFixture.b.text)')
                """
            )
            let before = try await stores.ruleSets.load()
            try await fixture.run("TRUNCATE lead_routing_rules")
            #expect(try await stores.ruleSets.version() == before.version + 1)
            #expect(try await Picture(stores.ruleSets.load(asOf: before.version)) == Picture(before))
            #expect(try await stores.ruleSets.load(asOf: before.version + 1).rules.isEmpty)
        }
    }

    @Test func unrecordedVersionIsNotGuessed() async throws {
        try await StoreFixture.with { fixture in
            let now = try await fixture.stores.ruleSets.version()
            for version in [0, now + 1, -5, Int64.max] {
                await expectRefusal(.notFound) { _ = try await fixture.stores.ruleSets.load(asOf: version) }
            }
        }
    }

    /// A change in replica mode is not recorded; the repair records it as a version.
    @Test func unrecordedChangesAreRepaired() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            try await fixture.run(
                "INSERT INTO lead_routing_rules (rule_name, destination_workspace_id) VALUES ('R', '\(StoreFixture.a.text)')"
            )
            let before = try await stores.ruleSets.load()
            try await fixture.run(
                """
                SET session_replication_role = replica; DELETE FROM lead_routing_rules;
                INSERT INTO lead_routing_rules (rule_name, destination_workspace_id) VALUES ('S', '\(StoreFixture.b.text)');
                RESET session_replication_role
                """
            )
            #expect(try await fixture.value("SELECT switchyard.repair_rule_set_history()") == "2")
            #expect(try await stores.ruleSets.version() == before.version + 1)
            #expect(try await stores.ruleSets.load(asOf: before.version).rules.map(\.name) == ["R"])
            #expect(try await stores.ruleSets.load(asOf: before.version + 1).rules.map(\.name) == ["S"])
        }
    }

    /// A workspace sees the history of its own rules only.
    @Test func historyIsVisibleToOwnerOnly() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.run(
                "INSERT INTO lead_routing_rules (workspace_id, rule_name, destination_workspace_id) VALUES ('\(StoreFixture.a.text)', 'R', '\(StoreFixture.a.text)')"
            )
            for (workspace, count) in [(StoreFixture.a, "1"), (StoreFixture.b, "0")] {
                for table in ["rule_set_history", "rule_set_versions"] {
                    let seen = try await fixture.run(
                        """
                        BEGIN; SELECT set_config('request.jwt.claims', '{"switchyard_workspace_id":"\(workspace.text)"}', true);
                        SET LOCAL ROLE authenticated; SELECT count(*) FROM switchyard.\(table)
                        """
                    )
                    #expect(seen == [[count]], "\(table) as \(workspace.text)")
                }
            }
        }
    }
}

/// Random numbers that are the same for the same seed.
private struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
