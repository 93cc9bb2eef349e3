import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

/// Every version of the rule set can be had again, exactly as it was.
@Suite struct RuleSetHistoryTests {
    /// The parts of a rule set in an order of their own, so that two can be compared.
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
            VALUES ('\(Scene.a.text)', 'R\(n)', \(n % 7), '{"industries": ["I\(n)"]}', '\(Scene.b.text)')
            """
        },
        { n in
            """
            INSERT INTO lead_routing_rules (rule_name, priority, conditions, destination_workspace_id)
            SELECT 'P\(n)-' || i, i, '{"us_states": ["CA"]}', '\(Scene.c.text)' FROM generate_series(1, 3) i
            """
        },
        { n in "UPDATE lead_routing_rules SET priority = priority + \(n) WHERE priority % 3 = \(n % 3)" },
        { n in "UPDATE lead_routing_rules SET is_active = NOT is_active, updated_at = now() WHERE rule_name < 'P\(n)'"
        },
        { n in "DELETE FROM lead_routing_rules WHERE priority % 11 = \(n % 11)" },
        { _ in "DELETE FROM lead_routing_rules WHERE id = (SELECT min(id::text)::uuid FROM lead_routing_rules)" },
        { n in
            """
            INSERT INTO routing_agreements VALUES ('\(Scene.b.text)', '\(Scene.a.text)')
            ON CONFLICT (receiving_workspace_id, sending_workspace_id) DO UPDATE SET created_at = now()
            """
        },
        { _ in "DELETE FROM routing_agreements" },
        { n in "UPDATE workspaces SET name = 'B\(n)' WHERE id = '\(Scene.b.text)'" },
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
            INSERT INTO switchyard.routing_pauses (workspace_id, paused_by) VALUES ('\(Scene.a.text)', 'n\(n)')
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

    /// Four connections edit at random while a fifth reads; what it read of a version is what that version still says.
    @Test(arguments: [1, 2]) func everyVersionIsRestoredExactly(seed: UInt64) async throws {
        try await Scene.with(connections: 8) { scene in
            let stores = scene.stores
            let first = try await stores.ruleSets.ruleSetVersion()
            try await withThrowingTaskGroup(of: [Int64: Picture].self) { group in
                for editor in 0..<4 {
                    group.addTask {
                        var numbers = SeededNumbers(seed: seed * 100 + UInt64(editor))
                        for turn in 0..<40 {
                            let edit = Self.edits.randomElement(using: &numbers) ?? Self.edits[0]
                            // Edits take their turns, so none of them ends in a deadlock.
                            try await scene.run(edit(turn * 4 + editor))
                        }
                        return [:]
                    }
                }
                group.addTask {
                    var seen: [Int64: Picture] = [:]
                    for _ in 0..<120 {
                        let snapshot = try await stores.ruleSets.loadRuleSet()
                        seen[snapshot.version] = Picture(snapshot)
                    }
                    return seen
                }
                var seen: [Int64: Picture] = [:]
                for try await part in group { seen.merge(part) { first, _ in first } }
                let last = try await stores.ruleSets.loadRuleSet()
                seen[last.version] = Picture(last)
                #expect(seen.count > 3)
                for (version, picture) in seen {
                    #expect(
                        Picture(try await stores.ruleSets.loadRuleSet(asOf: version)) == picture,
                        "version \(version)"
                    )
                }
                // Every version has its author, and none is left out.
                let versions = try await scene.value(
                    "SELECT count(*) FROM switchyard.rule_set_versions WHERE version > \(first)"
                )
                #expect(versions == "\(last.version - first)")
            }
            #expect(try await scene.value("SELECT switchyard.repair_rule_set_history()") == "0")
        }
    }

    @Test func irrelevantChangesMakeNoVersion() async throws {
        try await Scene.with { scene in
            try await scene.run(
                """
                INSERT INTO lead_routing_rules (rule_name, destination_workspace_id) VALUES ('R', '\(Scene.a.text)');
                ALTER TABLE workspaces ADD COLUMN colour text
                """
            )
            let version = try await scene.stores.ruleSets.ruleSetVersion()
            for nothing in [
                "UPDATE workspaces SET colour = 'red', updated_at = now()", "UPDATE workspaces SET name = name",
                "UPDATE lead_routing_rules SET updated_at = now() + interval '1 day'",
                "UPDATE lead_routing_rules SET priority = 7 WHERE rule_name = 'nobody'",
                "DELETE FROM routing_agreements", "TRUNCATE routing_agreements",
            ] {
                try await scene.run(nothing)
                #expect(try await scene.stores.ruleSets.ruleSetVersion() == version, "\(nothing)")
            }
            try await scene.run(
                "BEGIN; UPDATE workspaces SET name = 'X'; UPDATE lead_routing_rules SET priority = 3; COMMIT"
            )
            #expect(try await scene.stores.ruleSets.ruleSetVersion() == version + 1)
        }
    }

    /// Whoever adds a column to workspaces decides here whether routing reads it; if so, its history is kept.
    @Test func everyWorkspaceColumnIsClassified() async throws {
        try await Scene.with { scene in
            let irrelevant: Set<String> = []
            let undecided = try await scene.run(
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
        try await Scene.with { scene in
            let stores = scene.stores
            var change = RuleChange()
            change.name = "R"
            change.destinationWorkspaceID = Scene.a
            _ = try await stores.by("key:abc")
                .rules.createRule(id: .sample(1), owner: Scene.a, change, as: .workspace(Scene.a))
            let made = try #require(try await stores.ruleSets.ruleSetVersion(stores.ruleSets.ruleSetVersion()))
            #expect(made.actor == "key:abc")
            #expect(made.action == .edit)
            #expect(made.owners == [Scene.a])
            _ = try await stores.pauses.pauseRouting(of: nil, reason: nil, actor: "command line")
            let paused = try #require(try await stores.ruleSets.ruleSetVersion(stores.ruleSets.ruleSetVersion()))
            #expect(paused.actor == "command line")
            #expect(paused.owners == [])
            try await scene.run("UPDATE lead_routing_rules SET workspace_id = NULL")
            let moved = try #require(try await stores.ruleSets.ruleSetVersion(stores.ruleSets.ruleSetVersion()))
            #expect(moved.action == .sql)
            #expect(moved.actor == (try await scene.value("SELECT session_user")))
            #expect(Set(moved.owners) == [Scene.a, nil])
        }
    }

    /// Not among the edits at random: PostgreSQL shows a truncated table as empty to older snapshots too, so what a live
    /// read saw is no measure there.
    @Test func truncatedRulesAreInHistory() async throws {
        try await Scene.with { scene in
            let stores = scene.stores
            try await scene.run(
                """
                INSERT INTO lead_routing_rules (rule_name, destination_workspace_id) VALUES ('R', '\(Scene.a.text)'),
                    ('S', '\(Scene.b.text)')
                """
            )
            let before = try await stores.ruleSets.loadRuleSet()
            try await scene.run("TRUNCATE lead_routing_rules")
            #expect(try await stores.ruleSets.ruleSetVersion() == before.version + 1)
            #expect(try await Picture(stores.ruleSets.loadRuleSet(asOf: before.version)) == Picture(before))
            #expect(try await stores.ruleSets.loadRuleSet(asOf: before.version + 1).rules.isEmpty)
        }
    }

    @Test func unrecordedVersionIsNotGuessed() async throws {
        try await Scene.with { scene in
            let now = try await scene.stores.ruleSets.ruleSetVersion()
            for version in [0, now + 1, -5, Int64.max] {
                await expectRefusal(.notFound) { _ = try await scene.stores.ruleSets.loadRuleSet(asOf: version) }
            }
        }
    }

    /// What a session in replica mode does is seen by nobody; mending records it as a version of its own.
    @Test func unrecordedChangesAreRepaired() async throws {
        try await Scene.with { scene in
            let stores = scene.stores
            try await scene.run(
                "INSERT INTO lead_routing_rules (rule_name, destination_workspace_id) VALUES ('R', '\(Scene.a.text)')"
            )
            let before = try await stores.ruleSets.loadRuleSet()
            try await scene.run(
                """
                SET session_replication_role = replica; DELETE FROM lead_routing_rules;
                INSERT INTO lead_routing_rules (rule_name, destination_workspace_id) VALUES ('S', '\(Scene.b.text)');
                RESET session_replication_role
                """
            )
            #expect(try await scene.value("SELECT switchyard.repair_rule_set_history()") == "2")
            #expect(try await stores.ruleSets.ruleSetVersion() == before.version + 1)
            #expect(try await stores.ruleSets.loadRuleSet(asOf: before.version).rules.map(\.name) == ["R"])
            #expect(try await stores.ruleSets.loadRuleSet(asOf: before.version + 1).rules.map(\.name) == ["S"])
        }
    }

    /// A workspace sees the history of its own rules, and nothing of anybody else's.
    @Test func historyIsVisibleToOwnerOnly() async throws {
        try await Scene.with { scene in
            try await scene.run(
                "INSERT INTO lead_routing_rules (workspace_id, rule_name, destination_workspace_id) VALUES ('\(Scene.a.text)', 'R', '\(Scene.a.text)')"
            )
            for (workspace, count) in [(Scene.a, "1"), (Scene.b, "0")] {
                for table in ["rule_set_history", "rule_set_versions"] {
                    let seen = try await scene.run(
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
