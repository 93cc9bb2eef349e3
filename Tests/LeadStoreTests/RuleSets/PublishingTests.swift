import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

/// Rule sets: drafts, atomic publications and returns; also concurrent ones.
@Suite struct PublishingTests {
    private let own = Access.workspace(StoreFixture.a)

    private func rule(
        _ name: String,
        id: UUID? = nil,
        priority: Int32 = 0,
        to destination: UUID = StoreFixture.a,
        _ conditions: RuleConditions = RuleConditions()
    ) -> RuleSetDocument.Rule {
        var rule = RuleSetDocument.Rule(
            RoutingRule(
                id: id ?? StoreFixture.a,
                workspaceID: nil,
                name: name,
                priority: priority,
                destinationWorkspaceID: destination,
                conditions: conditions
            )
        )
        rule.id = id
        return rule
    }

    private func document(_ rules: RuleSetDocument.Rule..., golden: [GoldenLead] = []) -> RuleSetDocument {
        RuleSetDocument(rules: rules, goldenLeads: golden)
    }

    private func golden(to destination: UUID) -> GoldenLead {
        GoldenLead(name: "G", lead: Lead(email: "g@example.com"), expect: .init(destination: destination))
    }

    private func expectProblem(_ path: String, _ body: () async throws -> Void) async {
        let error = await #expect(throws: RuleSetRefusal.self) { try await body() }
        guard case .problems(let problems)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problems.map(\.field) == [path])
    }

    @Test func draftIsPublishedAndRestored() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores.acting(as: "key:abc")
            let first = try await stores.publishing.publish(
                document(rule("A", priority: 2), rule("B", priority: 1), golden: [golden(to: StoreFixture.a)]),
                of: StoreFixture.a,
                note: "first",
                as: own
            )
            #expect((first.added, first.changed, first.removed) == (2, 0, 0))
            let before = try await stores.ruleSets.owned(by: StoreFixture.a, as: own)
            #expect(before.version == first.version)
            #expect(before.document.rules.map(\.name) == ["A", "B"])

            var draft = before.document
            draft.rules[0].priority = 0
            draft.rules[0].name = "A2"
            draft.rules.append(rule("C"))
            draft.rules.append(rule("D"))
            draft.rules.remove(at: 1)
            _ = try await stores.drafts.save(draft, of: StoreFixture.a, as: own)
            let saved = try await stores.drafts.find(of: StoreFixture.a, as: own)
            #expect(saved?.updatedBy == "key:abc")
            let second = try await stores.publishing.publish(of: StoreFixture.a, note: "second", as: own)
            #expect((second.added, second.changed, second.removed) == (2, 1, 1))
            #expect(second.version == first.version + 1)
            #expect(try await stores.drafts.find(of: StoreFixture.a, as: own) == nil)
            let after = try await stores.ruleSets.owned(by: StoreFixture.a, as: own)
            #expect(after.document.rules.map(\.name) == ["A2", "C", "D"])
            #expect(after.document.rules[0].id == before.document.rules[0].id)

            let back = try await stores.publishing.restore(version: first.version, of: StoreFixture.a, as: own)
            #expect(back.version == second.version + 1)
            var returned = try await stores.ruleSets.owned(by: StoreFixture.a, as: own).document
            returned.version = before.document.version
            // With the same ids, in the same order.
            #expect(returned == before.document)
            let versions = try await stores.ruleSets.versions(of: StoreFixture.a, limit: 10, as: own)
            #expect(versions.map(\.version.action) == [.return, .publish, .publish])
            #expect(versions.map(\.version.note) == ["Back to version \(first.version).", "second", "first"])
            #expect(versions.map(\.rules) == [2, 3, 2])
            #expect(versions[0].version.actor == "key:abc")
            #expect((versions[0].added, versions[0].changed, versions[0].removed) == (1, 1, 2))
            let then = try await stores.ruleSets.owned(by: StoreFixture.a, asOf: second.version, as: own)
            #expect(then.document.rules.map(\.name) == ["A2", "C", "D"])
            await expectRefusal(.notFound) {
                _ = try await stores.publishing.restore(version: 9999, of: StoreFixture.a, as: own)
            }
        }
    }

    @Test func equalDraftMakesNoVersion() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            _ = try await stores.publishing.publish(
                document(rule("A"), golden: [golden(to: StoreFixture.a)]),
                of: StoreFixture.a,
                as: own
            )
            let live = try await stores.ruleSets.owned(by: StoreFixture.a, as: own)
            let version = try await stores.ruleSets.version()
            let again = try await stores.publishing.publish(live.document, of: StoreFixture.a, as: own)
            #expect(again.version == live.version)
            #expect(try await stores.ruleSets.version() == version)
        }
    }

    @Test func failingGoldenLeadStopsPublishing() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            let wrong = document(rule("A"), rule("B"), golden: [golden(to: StoreFixture.b)])
            await expectProblem("/goldenLeads/0") {
                _ = try await stores.publishing.publish(wrong, of: StoreFixture.a, as: .administrator)
            }
            await expectProblem("/goldenLeads/0") {
                _ = try await stores.drafts.save(wrong, of: StoreFixture.a, checking: true, as: .administrator)
            }
            #expect(try await fixture.count("lead_routing_rules") == 0)
            _ = try await stores.drafts.save(wrong, of: StoreFixture.a, as: .administrator)
            await expectProblem("/goldenLeads/0") {
                _ = try await stores.publishing.publish(of: StoreFixture.a, as: own)
            }
            #expect(try await stores.drafts.find(of: StoreFixture.a, as: own) != nil)
            #expect(try await fixture.count("switchyard.rule_set_versions", where: "action = 'publish'") == 0)
        }
    }

    @Test func invalidDraftNamesItsErrors() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            await expectProblem("/rules/1/destination") {
                _ = try await stores.publishing.publish(
                    document(rule("A"), rule("B", to: StoreFixture.b)),
                    of: StoreFixture.a,
                    as: own
                )
            }
            await expectProblem("/rules/0/destination") {
                _ = try await stores.publishing.publish(
                    document(rule("A", to: StoreFixture.missingWorkspace)),
                    of: StoreFixture.a,
                    as: .administrator
                )
            }
            await expectProblem("/rules/0/conditions/industries") {
                let conditions = RuleConditions(industries: .init(repeating: "x", count: 1001))
                _ = try await stores.publishing.publish(document(rule("A", conditions)), of: StoreFixture.a, as: own)
            }
            _ = try await stores.publishing.publish(
                document(rule("P", id: .sample(7))),
                of: nil,
                as: .administrator
            )
            await expectProblem("/rules/0/id") {
                _ = try await stores.publishing.publish(
                    document(rule("A", id: .sample(7))),
                    of: StoreFixture.a,
                    as: own
                )
            }
            await #expect(throws: RuleSetRefusal.noDraft) {
                try await stores.publishing.publish(of: StoreFixture.a, as: own)
            }
        }
    }

    /// A workspace's key sees and changes its own rule set, and cannot see another's.
    @Test func otherOwnersRuleSetsAreRefused() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            _ = try await stores.publishing.publish(
                document(rule("A"), golden: [golden(to: StoreFixture.a)]),
                of: StoreFixture.a,
                as: own
            )
            _ = try await stores.drafts.save(document(rule("A2")), of: StoreFixture.a, as: own)
            let live = try await stores.ruleSets.owned(by: StoreFixture.a, as: own)
            #expect(live.document.rules.count == 1 && live.document.goldenLeads.count == 1)
            let other = Access.workspace(StoreFixture.b)
            for owner in [StoreFixture.a, nil] {
                await expectRefusal(.forbidden) { _ = try await stores.ruleSets.owned(by: owner, as: other) }
                await expectRefusal(.forbidden) { _ = try await stores.drafts.find(of: owner, as: other) }
                await expectRefusal(.forbidden) {
                    _ = try await stores.drafts.save(document(), of: owner, as: other)
                }
                await expectRefusal(.forbidden) {
                    _ = try await stores.publishing.publish(document(), of: owner, as: other)
                }
                await expectRefusal(.forbidden) {
                    _ = try await stores.publishing.restore(version: live.version, of: owner, as: other)
                }
            }
            // The policies of the database enforce the same.
            for (workspace, count) in [(StoreFixture.a, "1"), (StoreFixture.b, "0")] {
                for table in ["golden_leads", "rule_set_drafts"] {
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

    /// Two callers publish changes of the same version: one succeeds, the other is refused, and nothing is mixed.
    @Test func concurrentPublishingRefusesOne() async throws {
        try await StoreFixture.with(connections: 8) { fixture in
            let stores = fixture.stores
            for round in 0..<5 {
                let base = try await stores.ruleSets.owned(by: StoreFixture.a, as: own).version
                let outcomes = await withTaskGroup(of: Bool.self) { group in
                    for name in ["X", "Y", "Z"] {
                        group.addTask {
                            // Unique to a round: an unchanged document would be published without a new version.
                            let names = (1...3).map { "\(name)\($0) of round \(round)" }
                            var mine = document(rule(names[0]), rule(names[1]), rule(names[2]))
                            mine.version = base
                            do {
                                _ = try await stores.publishing.publish(mine, of: StoreFixture.a, as: own)
                                return true
                            } catch {
                                guard case RuleSetRefusal.moved(base, _) = error else {
                                    Issue.record("\(error)")
                                    return false
                                }
                                return false
                            }
                        }
                    }
                    return await group.reduce(into: [Bool]()) { $0.append($1) }
                }
                #expect(outcomes.filter(\.self).count == 1)
                let names = try await stores.ruleSets.owned(by: StoreFixture.a, as: own).document.rules
                    .map { $0.name.prefix(1) }
                #expect(names.count == 3 && Set(names).count == 1)
            }
        }
    }

    /// A concurrent edit of a rule is not lost: the publication is refused, or the edit comes after it.
    @Test func concurrentEditIsNotLost() async throws {
        try await StoreFixture.with(connections: 8) { fixture in
            let stores = fixture.stores
            for turn in 0..<10 {
                _ = try await stores.publishing.publish(
                    document(rule("A", id: .sample(1))),
                    of: StoreFixture.a,
                    as: own
                )
                let base = try await stores.ruleSets.owned(by: StoreFixture.a, as: own)
                async let edited: Void = {
                    var change = RuleChange()
                    change.priority = Int32(turn + 100)
                    _ = try await stores.rules.change(.sample(1), change, as: own)
                }()
                var draft = base.document
                draft.rules[0].name = "B\(turn)"
                let refusal: RuleSetRefusal?
                do {
                    _ = try await stores.publishing.publish(draft, of: StoreFixture.a, as: own)
                    refusal = nil
                } catch let error as RuleSetRefusal {
                    refusal = error
                }
                try await edited
                let rule = try await stores.ruleSets.owned(by: StoreFixture.a, as: own).document.rules[0]
                #expect(rule.priority == Int32(turn + 100))
                #expect(rule.name == (refusal == nil ? "B\(turn)" : "A"))
                let reset = document(self.rule("A", id: .sample(1)))
                _ = try await stores.publishing.publish(reset, of: StoreFixture.a, as: own)
            }
        }
    }

    /// A return and publications at once: whatever the order, the result is exactly one of the two.
    @Test func returnRacesWithPublishing() async throws {
        try await StoreFixture.with(connections: 8) { fixture in
            let stores = fixture.stores
            let first = try await stores.publishing.publish(
                document(rule("A1"), rule("A2")),
                of: StoreFixture.a,
                as: own
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                for turn in 0..<10 {
                    group.addTask {
                        _ = try await stores.publishing.publish(
                            document(rule("B\(turn)"), rule("B\(turn)'")),
                            of: StoreFixture.a,
                            as: own
                        )
                    }
                    group.addTask {
                        _ = try await stores.publishing.restore(version: first.version, of: StoreFixture.a, as: own)
                    }
                }
                try await group.waitForAll()
            }
            for version in try await stores.ruleSets.versions(of: StoreFixture.a, limit: 100, as: own) {
                let names = try await stores.ruleSets.owned(by: StoreFixture.a, asOf: version.version.version, as: own)
                    .document.rules.map(\.name)
                #expect(names == ["A1", "A2"] || (names.count == 2 && names[1] == names[0] + "'"), "\(names)")
            }
        }
    }

    /// An unreadable rule does not prevent a publication that does not change it.
    @Test func unreadableDraftIsNotOverwritten() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            _ = try await stores.publishing.publish(
                document(rule("A", id: .sample(1)), rule("B")),
                of: StoreFixture.a,
                as: own
            )
            try await fixture.run(
                #"UPDATE lead_routing_rules SET conditions = '{"colour": ["red"]}' WHERE rule_name = 'A'"#
            )
            var draft = try await stores.ruleSets.owned(by: StoreFixture.a, as: own).document
            draft.rules[1].priority = -1
            _ = try await stores.publishing.publish(draft, of: StoreFixture.a, as: own)
            #expect(
                try await fixture.value(
                    "SELECT conditions::text || is_active FROM lead_routing_rules WHERE rule_name = 'A'"
                )
                    == #"{"colour": ["red"]}true"#
            )
        }
    }

    /// Many rules, created and then all changed, each time in one version.
    @Test func largeRuleSetIsPublishedWhole() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            var large = RuleSetDocument(rules: [], goldenLeads: [])
            for number in 0..<1_000 {
                large.rules.append(
                    rule("R\(number)", priority: Int32(number % 50), RuleConditions(industries: ["I\(number)"]))
                )
            }
            let made = try await stores.publishing.publish(large, of: StoreFixture.a, as: own)
            #expect(made.added == 1_000)
            var live = try await stores.ruleSets.owned(by: StoreFixture.a, as: own).document
            for index in live.rules.indices { live.rules[index].priority += 1 }
            let changed = try await stores.publishing.publish(live, of: StoreFixture.a, as: own)
            #expect(changed.changed == 1_000 && changed.version == made.version + 1)
            #expect(try await fixture.count("lead_routing_rules", where: "priority > 0") == 1_000)
        }
    }
}
