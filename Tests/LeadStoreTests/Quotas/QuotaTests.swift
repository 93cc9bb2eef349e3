import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

/// A workspace cannot store more than its quotas, whoever writes.
@Suite struct QuotaTests {
    private func rule(_ name: String, conditions: String = "{}", distribution: String = "NULL") -> String {
        """
        INSERT INTO lead_routing_rules (workspace_id, rule_name, conditions, distribution, destination_workspace_id)
        VALUES ('\(StoreFixture.a.text)', '\(name)', '\(conditions)', \(distribution), '\(StoreFixture.a.text)')
        """
    }

    private func refusal(_ work: () async throws -> Void) async -> String? {
        do {
            try await work()
            return nil
        } catch let error as PostgresError {
            return error.constraint
        } catch {
            return "\(error)"
        }
    }

    @Test func rulesAreCounted() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.stores.quotas.set([.rules: 2], of: StoreFixture.a)
            for name in ["one", "two"] { try await fixture.run(rule(name)) }
            #expect(await refusal { try await fixture.run(rule("three")) } == "quota_rules")
            #expect(try await fixture.count("lead_routing_rules") == 2)
            // Another workspace and the platform are not concerned.
            try await fixture.run(rule("three").replacing(StoreFixture.a.text, with: StoreFixture.b.text))
            try await fixture.run(rule("three").replacing("'\(StoreFixture.a.text)', 'three'", with: "NULL, 'three'"))

            var change = RuleChange()
            change.name = "three"
            change.destinationWorkspaceID = StoreFixture.a
            let error = await #expect(throws: StoreError.self) {
                try await fixture.stores.rules.create(
                    id: UUID(),
                    owner: StoreFixture.a,
                    change,
                    as: .workspace(StoreFixture.a)
                )
            }
            #expect(error?.code == .beyondQuota)
            #expect(error?.message == "The quota rules of this workspace is 2, and it would be 3.")
            #expect(error?.remedy?.isEmpty == false)
        }
    }

    /// Of many concurrent inserts, exactly as many succeed as there is room for.
    @Test func concurrentInsertsStayWithinTheQuota() async throws {
        try await StoreFixture.with(connections: 12) { fixture in
            try await fixture.stores.quotas.set([.rules: 5, .assignees: 3], of: StoreFixture.a)
            let assignee = "INSERT INTO workspace_assignees (workspace_id, name) VALUES ('\(StoreFixture.a.text)', 'N')"
            for (statement, table, quota) in [
                (rule("R"), "lead_routing_rules", 5), (assignee, "workspace_assignees", 3),
            ] {
                let results = try await withThrowingTaskGroup(of: String?.self) { group in
                    for _ in 0..<24 { group.addTask { await refusal { try await fixture.run(statement) } } }
                    return try await group.reduce(into: [String?]()) { $0.append($1) }
                }
                #expect(results.count { $0 == nil } == quota)
                #expect(results.compactMap(\.self).allSatisfy { $0.hasPrefix("quota_") })
                #expect(try await fixture.count(table) == quota)
            }
        }
    }

    @Test func conditionsAreCounted() async throws {
        let pattern = #"{"field": "city", "op": "matches", "value": "a"}"#
        let equal = #"{"field": "city", "op": "equals", "value": "op"}"#
        func conditions(_ parts: String...) -> String {
            #"{"industries": ["op"], "where": {"all": [{"any": [\#(parts.joined(separator: ","))]}]}}"#
        }
        try await StoreFixture.with { fixture in
            let pool = #"'{"pool": {"members": []}}'"#
            try await fixture.stores.quotas.set(
                [.ruleComparisons: 3, .comparisons: 5, .patterns: 2, .pools: 1],
                of: StoreFixture.a
            )
            try await fixture.run(rule("1", conditions: conditions(pattern, equal), distribution: pool))
            let line = try #require(try await fixture.stores.quotas.find(of: StoreFixture.a)).lines
            #expect(line.map(\.use) == [1, 2, 2, 1, 1, 0, 0, 0, 0, 0, 0])
            let refusals: [(String, String)] = [
                (rule("2", conditions: conditions(equal, equal, equal, equal)), "quota_ruleComparisons"),
                (rule("2", conditions: conditions(pattern, pattern)), "quota_patterns"),
                (rule("2", distribution: pool), "quota_pools"),
            ]
            for (statement, constraint) in refusals {
                #expect(await refusal { try await fixture.run(statement) } == constraint)
            }
            try await fixture.run(rule("2", conditions: conditions(equal, equal, equal)))
            #expect(
                await refusal { try await fixture.run(rule("3", conditions: conditions(equal))) } == "quota_comparisons"
            )
        }
    }

    /// A workspace beyond its quota may still change and delete.
    @Test func smallerQuotaKeepsWhatThereIs() async throws {
        try await StoreFixture.with { fixture in
            for name in ["one", "two", "three"] { try await fixture.run(rule(name)) }
            try await fixture.stores.quotas.set([.rules: 1], of: StoreFixture.a)
            try await fixture.run("UPDATE lead_routing_rules SET priority = 7")
            #expect(await refusal { try await fixture.run(rule("four")) } == "quota_rules")
            try await fixture.run("DELETE FROM lead_routing_rules")
            #expect(try await fixture.count("switchyard.rule_sizes") == 0)
            try await fixture.run(rule("one"))
            try await fixture.run("TRUNCATE lead_routing_rules")
            #expect(try await fixture.count("switchyard.rule_sizes") == 0)
        }
    }

    @Test func goldenLeadsAndDraftsAreCounted() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.stores.quotas.set([.goldenLeads: 1, .draftBytes: 100], of: StoreFixture.a)
            let golden = """
                INSERT INTO switchyard.golden_leads (id, workspace_id, position, content)
                VALUES (gen_random_uuid(), '\(StoreFixture.a.text)', 1, '{}')
                """
            try await fixture.run(golden)
            #expect(await refusal { try await fixture.run(golden) } == "quota_goldenLeads")
            let draft = """
                INSERT INTO switchyard.rule_set_drafts (owner, document, based_on, updated_by)
                VALUES ('\(StoreFixture.a.text)', to_jsonb(repeat('x', SIZE)), 0, 'x')
                ON CONFLICT (owner) DO UPDATE SET document = excluded.document
                """
            try await fixture.run(draft.replacing("SIZE", with: "50"))
            #expect(await refusal { try await fixture.run(draft.replacing("SIZE", with: "200")) } == "quota_draftBytes")
        }
    }

    @Test func quotasAreInherited() async throws {
        try await StoreFixture.with { fixture in
            let quotas = fixture.stores.quotas
            #expect(try await quotas.find(of: StoreFixture.a)?.limit(.rules) == 1000)
            try await quotas.set([.rules: 7, .patterns: 8], of: nil)
            try await quotas.set([.rules: 9], of: StoreFixture.a)
            #expect(try await quotas.find(of: StoreFixture.a)?.limit(.rules) == 9)
            #expect(try await quotas.find(of: StoreFixture.a)?.limit(.patterns) == 8)
            #expect(try await quotas.find(of: StoreFixture.b)?.limit(.rules) == 7)
            try await quotas.set([.rules: nil], of: StoreFixture.a)
            #expect(try await quotas.find(of: StoreFixture.a)?.limit(.rules) == 7)
            #expect(try await quotas.find(of: StoreFixture.missingWorkspace) == nil)
        }
    }
}
