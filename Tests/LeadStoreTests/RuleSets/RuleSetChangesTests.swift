import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// A node reads only the rows of the owners whose rules have changed.
@Suite struct RuleSetChangesTests {
    private func rule(_ name: String, of owner: UUID?) -> String {
        let owner = owner.map { "'\($0.text)'" } ?? "NULL"
        return """
            INSERT INTO lead_routing_rules (workspace_id, rule_name, destination_workspace_id)
            VALUES (\(owner), '\(name)', '\(StoreFixture.b.text)')
            """
    }

    @Test func changedOwnersAreRead() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.stores.ruleSets
            try await fixture.run(rule("A1", of: StoreFixture.a))
            try await fixture.run(rule("C1", of: StoreFixture.c))
            let before = try await store.version()
            try await fixture.run(rule("A2", of: StoreFixture.a))
            let change = try #require(try await store.changes(since: before))
            #expect(change.version == before + 1)
            #expect(change.owners == [StoreFixture.a])
            #expect(Set(change.rules.map(\.name)) == ["A1", "A2"])

            try await fixture.run("DELETE FROM lead_routing_rules WHERE workspace_id = '\(StoreFixture.c.text)'")
            let both = try #require(try await store.changes(since: before))
            #expect(both.owners == [StoreFixture.a, StoreFixture.c])
            #expect(Set(both.rules.map(\.name)) == ["A1", "A2"])
            #expect(try await store.changes(since: both.version) == nil)
        }
    }

    /// Whatever else changes, also in the transaction of a rule, makes a node read everything.
    @Test(arguments: [
        "INSERT INTO lead_routing_rules (rule_name, destination_workspace_id) VALUES ('P', '\(StoreFixture.b.text)')",
        "UPDATE workspaces SET is_active = NOT is_active WHERE id = '\(StoreFixture.c.text)'",
        "DELETE FROM routing_agreements; INSERT INTO routing_agreements VALUES ('\(StoreFixture.b.text)', '\(StoreFixture.a.text)')",
        "DELETE FROM switchyard.routing_pauses; INSERT INTO switchyard.routing_pauses (workspace_id, paused_by) VALUES ('\(StoreFixture.a.text)', 'x')",
        "INSERT INTO workspace_assignees (workspace_id, name) VALUES ('\(StoreFixture.a.text)', 'Ann')",
    ])
    func otherChangesNeedEverything(_ other: String) async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.stores.ruleSets
            for text in ["\(rule("A", of: StoreFixture.a)); \(other)", "\(other); \(rule("A", of: StoreFixture.a))"] {
                let before = try await store.version()
                try await fixture.run("BEGIN; \(text); COMMIT")
                #expect(try await store.version() == before + 1)
                #expect(try await store.changes(since: before) == nil)
            }
        }
    }

    @Test func rulesOfOthersAreNotLoaded() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.stores.ruleSets
            try await fixture.run(
                "UPDATE workspaces SET workspace_type = 'platform' WHERE id = '\(StoreFixture.b.text)'"
            )
            for owner in [StoreFixture.a, StoreFixture.b, StoreFixture.c] {
                try await fixture.run(rule("rule of \(owner.text.suffix(2))", of: owner))
            }
            try await fixture.run(rule("of the platform", of: nil))
            let version = try await store.version()
            for snapshot in [
                try await store.load(of: StoreFixture.a), try await store.load(asOf: version, of: StoreFixture.a),
            ] {
                #expect(Set(snapshot.rules.map(\.workspaceID)) == [StoreFixture.a, StoreFixture.b, nil])
                #expect(snapshot.workspaces.count == 3)
            }
        }
    }
}
