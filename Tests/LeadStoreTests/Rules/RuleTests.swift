import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// Rules of workspaces and of the platform: which caller may create which, and what is refused.
@Suite struct RuleTests {
    private let own = Access.workspace(StoreFixture.a)

    private func change(_ set: (inout RuleChange) -> Void = { _ in }) -> RuleChange {
        var change = RuleChange()
        change.name = "R"
        change.destinationWorkspaceID = StoreFixture.a
        set(&change)
        return change
    }

    private func agree(_ fixture: StoreFixture) async throws {
        let agreement = RoutingAgreement(receivingWorkspaceID: StoreFixture.b, sendingWorkspaceID: StoreFixture.a)
        #expect(try await fixture.stores.agreements.grant(agreement, as: .administrator))
    }

    /// A destination that is not in the rule's pool, or alone for a rule with a pool, would change nothing and is
    /// refused.
    @Test func destinationAloneIsRefusedForPool() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            let id = UUID.sample(1)
            let pool = Pool(
                .roundRobin,
                members: [.init(workspaceID: StoreFixture.a), .init(workspaceID: StoreFixture.b)]
            )
            _ = try await stores.rules.create(
                id: id,
                owner: nil,
                change { $0.distribution = Distribution(pool: pool) },
                as: .administrator
            )
            func refusal(_ set: (inout RuleChange) -> Void) async -> StoreError? {
                var change = RuleChange()
                set(&change)
                let wanted = change
                do {
                    _ = try await stores.rules.change(id, wanted, as: .administrator)
                    return nil
                } catch { return error as? StoreError }
            }
            let alone = await refusal { $0.destinationWorkspaceID = StoreFixture.b }
            #expect(alone?.code == .invalid && alone?.field == "/destinationWorkspaceId")
            #expect(alone?.remedy?.contains("pool null") == true)
            let stranger = await refusal {
                $0.destinationWorkspaceID = StoreFixture.c
                $0.distribution = Distribution(pool: pool)
            }
            #expect(stranger?.field == "/destinationWorkspaceId")
            #expect(await refusal { $0.name = "Another name" } == nil)
            // The first member is shown as the rule's destination, and may be sent back.
            let member = await refusal {
                $0.destinationWorkspaceID = StoreFixture.b
                $0.distribution = Distribution(pool: pool)
            }
            #expect(member == nil)
            #expect(try await stores.rules.find(id, as: .administrator)?.rule.destinationWorkspaceID == StoreFixture.a)
            // Without the pool it is the only destination.
            let single = await refusal {
                $0.destinationWorkspaceID = StoreFixture.b
                $0.distribution = Distribution(caps: [Cap(per: .day, limit: 5)])
            }
            #expect(single == nil)
            let rule = try #require(try await stores.rules.find(id, as: .administrator)?.rule)
            #expect(rule.destinationWorkspaceID == StoreFixture.b && rule.distribution?.pool == nil)
            #expect(await refusal { $0.destinationWorkspaceID = StoreFixture.a } == nil)
            var missing = RuleChange()
            missing.destinationWorkspaceID = StoreFixture.a
            let none = missing
            await #expect(throws: StoreError.self) {
                _ = try await stores.rules.change(.sample(99), none, as: .administrator)
            }
        }
    }

    @Test func ownerCreatesChangesAndDeletes() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            try await agree(fixture)
            let id = UUID.sample(1)
            let conditions = RuleConditions(industries: ["Software"], countries: ["DE", "US"])
            let made = try await stores.rules.create(
                id: id,
                owner: StoreFixture.a,
                change {
                    $0.conditions = conditions
                    $0.destinationWorkspaceID = StoreFixture.b
                },
                as: own
            )
            #expect(made.rule.conditions == conditions)
            #expect(made.isReadable)
            #expect(made.rule.isActive)
            var edit = RuleChange()
            edit.priority = -7
            edit.isActive = false
            let changed = try await stores.rules.change(id, edit, as: own)
            #expect(changed.rule.priority == -7)
            #expect(changed.rule.name == "R")
            #expect(changed.rule.destinationWorkspaceID == StoreFixture.b)
            #expect(try await stores.rules.find(id, as: own) == changed)
            let snapshot = try await stores.ruleSets.load()
            #expect(snapshot.rules == [changed.rule])
            #expect(snapshot.agreements.count == 1)
            #expect(try await stores.rules.delete(id, as: own))
            #expect(try await !stores.rules.delete(id, as: own))
            #expect(try await stores.ruleSets.version() > snapshot.version)
        }
    }

    @Test func conditionTreeIsStoredAndUnreadableOneIsDisabled() async throws {
        try await StoreFixture.with { fixture in
            let conditions = RuleConditions(
                json: #"""
                    {"industries":["Software"],"where":{"all":[
                      {"field":"location","op":"within","value":{"latitude":52.5,"longitude":13,"kilometres":1e2}},
                      {"any":[{"field":"metadata.plan","op":"one_of","value":["pro",7.50,true]},
                              {"field":"city","op":"matches","value":"^k\u00f6ln\\b"}]}]}}
                    """#
            )
            #expect(conditions.problems == [])
            let made = try await fixture.stores.rules.create(
                id: .sample(1),
                owner: StoreFixture.a,
                change { $0.conditions = conditions },
                as: own
            )
            #expect(made.rule.conditions == conditions)
            #expect(try await fixture.stores.ruleSets.load().rules.map(\.conditions) == [conditions])
            await expectRefusal(.invalid, "/conditions/where/value") {
                let wrong = RuleConditions(json: #"{"where":{"field":"score","op":"at_least","value":"x"}}"#)
                _ = try await fixture.stores.rules.change(.sample(1), change { $0.conditions = wrong }, as: own)
            }
            try await fixture.run(
                #"UPDATE lead_routing_rules SET conditions = '{"where":{"field":"shoe_size","op":"exists"}}'"#
            )
            let stored = try await fixture.stores.rules.find(.sample(1), as: own)
            #expect(stored?.isReadable == false)
            #expect(stored?.rule.isActive == false)
            #expect(stored?.rule.conditions.problems.map(\.field) == ["/where/field"])
        }
    }

    @Test func ruleWithoutAgreementIsRefused() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            for destination in [StoreFixture.b, StoreFixture.missingWorkspace] {
                let error = await #expect(throws: StoreError.self) {
                    try await stores.rules.create(
                        id: .sample(1),
                        owner: StoreFixture.a,
                        change { $0.destinationWorkspaceID = destination },
                        as: own
                    )
                }
                // The same error, whether or not the workspace exists.
                #expect(error?.field == "/destinationWorkspaceId")
                #expect(error?.message == "That workspace has not agreed to receive leads from this one.")
            }
            _ = try await stores.rules.create(id: .sample(1), owner: StoreFixture.a, change(), as: own)
            await expectRefusal(.invalid, "/destinationWorkspaceId") {
                _ = try await stores.rules.change(
                    .sample(1),
                    change { $0.destinationWorkspaceID = StoreFixture.b },
                    as: own
                )
            }
            #expect(try await stores.rules.find(.sample(1), as: own)?.rule.destinationWorkspaceID == StoreFixture.a)
        }
    }

    /// A client that lost the answer to a creation repeats it with the same id.
    @Test func repeatedCreationIsDoneOnce() async throws {
        try await StoreFixture.with { fixture in
            try await agree(fixture)
            let whole = change {
                $0.priority = 3
                $0.destinationWorkspaceID = StoreFixture.b
                $0.conditions = RuleConditions(
                    json: #"{"industries":["Retail"],"where":{"field":"score","op":"at_least","value":7.50}}"#
                )
                $0.distribution = .some(
                    Distribution(
                        pool: Pool(.weighted, members: [Pool.Member(workspaceID: StoreFixture.b, weight: 2)]),
                        caps: [Cap(per: .day, limit: 5)],
                        whenFull: .wait
                    )
                )
            }
            for (number, wanted) in [change(), whole].enumerated() {
                let id = UUID.sample(UInt8(number + 1))
                let made = try await fixture.stores.rules.create(id: id, owner: StoreFixture.a, wanted, as: own)
                let version = try await fixture.stores.ruleSets.version()
                let again = try await fixture.stores.rules.create(id: id, owner: StoreFixture.a, wanted, as: own)
                #expect(again == made)
                #expect(try await fixture.stores.ruleSets.version() == version)
                await expectRefusal(.conflict, "/id") {
                    var other = wanted
                    other.priority = 99
                    _ = try await fixture.stores.rules.create(id: id, owner: StoreFixture.a, other, as: own)
                }
                // The same error for a rule that this caller may not see.
                await expectRefusal(.conflict, "/id") {
                    _ = try await fixture.stores.rules.create(
                        id: id,
                        owner: StoreFixture.b,
                        change { $0.destinationWorkspaceID = StoreFixture.b },
                        as: .workspace(StoreFixture.b)
                    )
                }
            }
            #expect(try await fixture.stores.rules.list(as: own).count == 2)
        }
    }

    /// The database's policy decides: an ended agreement prevents a change that does not name the destination.
    @Test func changedRuleIsCheckedByThePolicy() async throws {
        try await StoreFixture.with { fixture in
            try await agree(fixture)
            _ = try await fixture.stores.rules.create(
                id: .sample(1),
                owner: StoreFixture.a,
                change { $0.destinationWorkspaceID = StoreFixture.b },
                as: own
            )
            try await fixture.run("DELETE FROM routing_agreements")
            var edit = RuleChange()
            edit.priority = 9
            await expectRefusal(.forbidden) { _ = try await fixture.stores.rules.change(.sample(1), edit, as: own) }
            #expect(try await fixture.stores.rules.find(.sample(1), as: own)?.rule.priority == 0)
        }
    }

    @Test func otherOwnersRulesAreNotChanged() async throws {
        try await StoreFixture.with { fixture in
            let stores = fixture.stores
            _ = try await stores.rules.create(id: .sample(1), owner: StoreFixture.a, change(), as: .administrator)
            _ = try await stores.rules.create(id: .sample(2), owner: nil, change(), as: .administrator)
            _ = try await stores.rules.create(
                id: .sample(3),
                owner: StoreFixture.b,
                change { $0.destinationWorkspaceID = StoreFixture.b },
                as: .administrator
            )
            for id in [UUID.sample(2), .sample(3)] {
                await expectRefusal(.notFound) {
                    _ = try await stores.rules.change(id, change { $0.name = "Mine" }, as: own)
                }
                #expect(try await !stores.rules.delete(id, as: own))
            }
            #expect(try await stores.rules.find(.sample(3), as: own) == nil)
            #expect(try await stores.rules.list(as: own).map(\.rule.id) == [.sample(1)])
            #expect(try await stores.rules.list(of: StoreFixture.b, as: own).map(\.rule.id) == [.sample(1)])
            #expect(try await stores.rules.list(of: StoreFixture.b, as: .administrator).map(\.rule.id) == [.sample(3)])
            #expect(try await stores.rules.list(as: .administrator).count == 3)
            for owner in [StoreFixture.b, nil] {
                await expectRefusal(.forbidden, "/workspaceId") {
                    _ = try await stores.rules.create(id: .sample(4), owner: owner, change(), as: own)
                }
            }
        }
    }

    @Test func refusalsNameTheirField() async throws {
        try await StoreFixture.with { fixture in
            let refused: [(String, (inout RuleChange) -> Void)] = [
                ("/name", { $0.name = nil }), ("/name", { $0.name = "" }),
                ("/name", { $0.name = String(repeating: "é", count: 101) }),
                ("/destinationWorkspaceId", { $0.destinationWorkspaceID = nil }),
                ("/destinationWorkspaceId", { $0.destinationWorkspaceID = StoreFixture.missingWorkspace }),
                ("/conditions/industries/0", { $0.conditions = .init(industries: [""]) }),
                ("/conditions/us_states/0", { $0.conditions = .init(usStates: ["C\0A"]) }),
                ("/conditions/countries", { $0.conditions = .init(countries: .init(repeating: "DE", count: 1001)) }),
                ("/conditions/regions/0", { $0.conditions = .init(regions: [.init(repeating: "x", count: 201)]) }),
            ]
            for (field, set) in refused {
                await expectRefusal(.invalid, field) {
                    _ = try await fixture.stores.rules.create(
                        id: .sample(1),
                        owner: nil,
                        change(set),
                        as: .administrator
                    )
                }
            }
            await expectRefusal(.invalid, "/workspaceId") {
                _ = try await fixture.stores.rules.create(
                    id: .sample(1),
                    owner: StoreFixture.missingWorkspace,
                    change(),
                    as: .administrator
                )
            }
            _ = try await fixture.stores.rules.create(id: .sample(1), owner: nil, change(), as: .administrator)
            await expectRefusal(.conflict, "/id") {
                let other = change { $0.name = "Other" }
                _ = try await fixture.stores.rules.create(id: .sample(1), owner: nil, other, as: .administrator)
            }
            await expectRefusal(.notFound) {
                _ = try await fixture.stores.rules.change(.sample(9), RuleChange(), as: .administrator)
            }
        }
    }

    @Test func unreadableRuleIsDisabled() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.stores.rules.create(id: .sample(1), owner: nil, change(), as: .administrator)
            try await fixture.run(#"UPDATE lead_routing_rules SET conditions = '{"colour": ["red"]}'"#)
            let record = try #require(try await fixture.stores.rules.find(.sample(1), as: .administrator))
            #expect(!record.isReadable)
            #expect(!record.rule.isActive)
            #expect(try await fixture.stores.health.routingFacts().unreadableRules == ["R"])
        }
    }
}
