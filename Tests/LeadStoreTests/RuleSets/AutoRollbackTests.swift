import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

/// Publications after which leads fail are rolled back automatically, once, and nothing else is.
@Suite struct AutoRollbackTests {
    /// Publishes good rules and bad ones, and logs five minutes of decisions: `failing` of 20 a minute.
    private func publish(
        in fixture: StoreFixture,
        owner: UUID? = StoreFixture.a
    ) async throws -> (good: Int64, bad: Int64) {
        func document(_ name: String) -> RuleSetDocument {
            RuleSetDocument(
                version: nil,
                rules: [
                    RoutingRule(id: .sample(1), workspaceID: owner, name: name, destinationWorkspaceID: StoreFixture.a)
                ],
                goldenLeads: []
            )
        }
        let good = try await fixture.stores.publishing.publish(document("good"), of: owner, as: .administrator)
            .version
        let bad = try await fixture.stores.publishing.publish(document("bad"), of: owner, as: .administrator)
            .version
        return (good, bad)
    }

    private func log(
        _ fixture: StoreFixture,
        failing: [Int] = [4, 4, 4, 4, 4],
        of count: Int = 20,
        source: UUID = StoreFixture.a,
        result: String = "failed"
    ) async throws {
        for (minute, failures) in failing.enumerated() {
            try await fixture.run(
                """
                INSERT INTO lead_routing_logs (lead_id, source_workspace_id, routing_result, reason, attempt, created_at)
                SELECT gen_random_uuid(), '\(source.text)', CASE WHEN i <= \(failures) THEN '\(result)' ELSE 'success' END,
                    '', 1, now() + interval '\(minute + 1) minutes' + i * interval '1 second'
                FROM generate_series(1, \(count)) i
                """
            )
        }
    }

    /// Six minutes from now, by the function's parameter.
    private func rollBack(_ fixture: StoreFixture, in minutes: Int = 6) async throws -> Int {
        let rows = try await fixture.run(
            "SELECT bad_version FROM switchyard.roll_back_failing('test', now() + interval '\(minutes) minutes')"
        )
        return rows.count
    }

    private func ruleName(_ fixture: StoreFixture) async throws -> String {
        try await fixture.value("SELECT rule_name FROM lead_routing_rules")
    }

    @Test func lastGoodRulesAreRestored() async throws {
        try await StoreFixture.with { fixture in
            let (good, bad) = try await publish(in: fixture)
            try await log(fixture)
            #expect(try await rollBack(fixture, in: 4) == 0)
            #expect(try await ruleName(fixture) == "bad")
            #expect(try await rollBack(fixture) == 1)
            #expect(try await ruleName(fixture) == "good")
            #expect(try await rollBack(fixture) == 0)
            let version = try #require(try await fixture.stores.ruleSets.version(bad + 1, as: .administrator))
            #expect(version.action == .autoRollback)
            #expect(version.owners == [StoreFixture.a])
            #expect(version.note?.hasSuffix("back to version \(good).") == true)
            #expect(try await fixture.count("switchyard.operator_log", where: "action = 'auto-rollback'") == 1)
            #expect(try await fixture.count("switchyard.rule_set_rollbacks", where: "new_version = \(bad + 1)") == 1)
        }
    }

    /// Eight nodes detect it at the same moment: one acts.
    @Test func versionIsRolledBackOnce() async throws {
        try await StoreFixture.with(connections: 10) { fixture in
            for turn in 1...3 {
                _ = try await publish(in: fixture)
                try await log(fixture)
                let done = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<8 { group.addTask { try await rollBack(fixture) } }
                    return try await group.reduce(0, +)
                }
                #expect(done == 1)
                #expect(try await fixture.count("switchyard.rule_set_rollbacks") == turn)
                #expect(try await ruleName(fixture) == "good")
            }
            #expect(try await fixture.count("switchyard.rule_set_versions", where: "action = 'auto-rollback'") == 3)
        }
    }

    @Test(arguments: [
        // One quiet minute, exactly a tenth, too few, results that are not decisions, leads of other sources.
        ([4, 4, 0, 4, 4], 20, StoreFixture.a, "failed"), ([2, 2, 2, 2, 2], 20, StoreFixture.a, "failed"),
        ([3, 3, 3, 3, 3], 3, StoreFixture.a, "failed"), ([4, 4, 4, 4], 20, StoreFixture.a, "failed"),
        ([9, 9, 9, 9, 9], 20, StoreFixture.a, "released"), ([9, 9, 9, 9, 9], 20, StoreFixture.b, "failed"),
        ([9, 9, 9, 9, 9], 20, StoreFixture.a, "unmatched"),
    ])
    func healthyPublicationStays(failing: [Int], count: Int, source: UUID, result: String) async throws {
        try await StoreFixture.with { fixture in
            _ = try await publish(in: fixture)
            try await log(fixture, failing: failing, of: count, source: source, result: result)
            #expect(try await rollBack(fixture) == 0)
            #expect(try await ruleName(fixture) == "bad")
        }
    }

    @Test func platformRulesCountAllLeads() async throws {
        try await StoreFixture.with { fixture in
            _ = try await publish(in: fixture, owner: nil)
            try await log(fixture, source: StoreFixture.b)
            #expect(try await rollBack(fixture) == 1)
            #expect(try await ruleName(fixture) == "good")
        }
    }

    /// After an edit, a return or an hour the failures are not caused by the publication.
    @Test func editedRulesAreNotRolledBack() async throws {
        try await StoreFixture.with { fixture in
            let (good, _) = try await publish(in: fixture)
            try await log(fixture)
            #expect(try await rollBack(fixture, in: 70) == 0)
            try await fixture.run("UPDATE lead_routing_rules SET rule_name = 'mended'")
            #expect(try await rollBack(fixture) == 0)
            _ = try await fixture.stores.publishing.restore(version: good, of: StoreFixture.a, as: .administrator)
            #expect(try await rollBack(fixture) == 0)
            #expect(try await ruleName(fixture) == "good")
            #expect(try await fixture.stores.publishing.rollBackFailing(node: "n") == [])
        }
    }
}
