import FoundationEssentials
import JSON
import LeadStore
import RoutingRules
import Testing

@testable import LeadRouting

/// Rules, rule sets and agreements: what a workspace's key may see and change.
struct RuleRequestsTests {
    private func change(_ name: String, to destination: UUID) -> RuleChange {
        var change = RuleChange()
        change.name = name
        change.destinationWorkspaceID = destination
        return change
    }

    @Test func workspaceSeesItsOwnRulesOnly() async throws {
        try await RoutingFixture.with { fixture in
            let rules = fixture.useCases().rules
            let foreign = try await refusal {
                try await rules.create(owner: Samples.rival, change("A", to: Samples.partner), as: .partner)
            }
            #expect(foreign?.isForbidden == true && foreign?.fields == ["/workspaceId"])
            let own = try await rules.create(owner: nil, change("A", to: Samples.partner), as: .partner)
            #expect(own.rule.workspaceID == Samples.partner)
            #expect(try await rules.list(of: nil, as: .partner).map(\.rule.id) == [own.rule.id])
            #expect(try await rules.list(of: nil, as: .administrator).count == 2)
            #expect(try await refusal { try await rules.find(own.rule.id, as: .rival) } == .noSuchRule)
            let taken = try await refusal {
                try await rules.change(own.rule.id, change("B", to: Samples.rival), as: .rival)
            }
            #expect(taken?.isNotFound == true)
            #expect(try await refusal { try await rules.delete(own.rule.id, as: .rival) } == .noSuchRule)
            try await rules.delete(own.rule.id, as: .partner)
        }
    }

    @Test func destinationMustHaveAgreed() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let refused = try await refusal {
                try await useCases.rules.create(owner: nil, change("A", to: Samples.east), as: .partner)
            }
            #expect(refused?.fields == ["/destinationWorkspaceId"])
            let agreement = RoutingAgreement(
                receivingWorkspaceID: Samples.east,
                sendingWorkspaceID: Samples.partner
            )
            // Only the receiver grants and ends it.
            let granted = try await refusal { try await useCases.agreements.grant(agreement, as: .partner) }
            #expect(granted?.isForbidden == true)
            let first = try await useCases.agreements.grant(agreement, as: .workspace(Samples.east))
            #expect(first.isNew)
            #expect(try await !useCases.agreements.grant(agreement, as: .workspace(Samples.east)).isNew)
            _ = try await useCases.rules.create(owner: nil, change("A", to: Samples.east), as: .partner)
            #expect(try await useCases.agreements.list(as: .rival).isEmpty)
            #expect(
                try await refusal { try await useCases.agreements.record(of: agreement, as: .rival) }
                    == .noSuchAgreement
            )
            let ended = try await refusal { try await useCases.agreements.revoke(agreement, as: .partner) }
            #expect(ended?.isForbidden == true)
            try await useCases.agreements.revoke(agreement, as: .workspace(Samples.east))
        }
    }

    @Test func lintCoversOwnRulesOnly() async throws {
        try await RoutingFixture.with { fixture in
            let rules = fixture.useCases().rules
            for name in ["A", "B"] {
                let rule = try await rules.create(owner: nil, change(name, to: Samples.partner), as: .partner)
                let warnings = try await rules.warnings(about: rule.rule, as: .partner)
                #expect(warnings.contains { $0.code == .duplicate } == (name == "B"))
            }
            #expect(try await !rules.lint(of: nil, as: .partner).findings.isEmpty)
            // A workspace's key can only lint its own workspace.
            #expect(try await rules.lint(of: Samples.partner, as: .rival).findings.isEmpty)
            #expect(try await !rules.lint(of: Samples.partner, as: .administrator).findings.isEmpty)
            #expect(try await refusal { try await rules.lint(of: .sample(99), as: .administrator) } == .noSuchWorkspace)
        }
    }

    @Test func documentIsLintedAgainstLiveRules() async throws {
        try await RoutingFixture.with { fixture in
            let rules = fixture.useCases().rules
            func document(_ destination: String) throws -> JSONValue {
                try #require(
                    JSONValue(
                        json: """
                            {"rules": [{"name": "A", "destination": "\(destination)"},
                            {"name": "B", "destination": "\(destination)"}]}
                            """
                    )
                )
            }
            let own = Samples.partner
            let report = try await rules.lint(document(own.text), of: own, as: .partner)
            #expect(report.findings.contains { $0.code == .duplicate })
            #expect(try await rules.list(of: own, as: .partner).isEmpty)
            let wrong = try await refusal { try await rules.lint(document("nowhere"), of: own, as: .partner) }
            #expect(wrong?.fields == ["/rules/0/destination", "/rules/1/destination"])
            for owner in [Samples.rival, nil] {
                let foreign = try await refusal { try await rules.lint(document(own.text), of: owner, as: .partner) }
                #expect(foreign?.isForbidden == true)
            }
        }
    }

    @Test func capacityNamesFullCaps() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            #expect(try await useCases.rules.capacity(as: .administrator).lines.isEmpty)
            var west = WorkspaceChange()
            west.capacity = .some(WorkspaceCapacity(caps: [Cap(per: .day, limit: 1)]))
            _ = try await useCases.workspaces.change(Samples.west, west, as: .administrator)
            #expect(try await useCases.rules.capacity(as: .administrator).full.isEmpty)
            _ = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: .partner)
            let full = try await useCases.rules.capacity(as: .administrator).full
            #expect(full.map(\.line.used) == [1] && full.first?.end != nil)
        }
    }

    @Test func simulationUsesRulesOfCaller() async throws {
        try await RoutingFixture.with { fixture in
            let rules = fixture.useCases().rules
            let lead = SimulatedLead(id: nil, lead: Samples.lead(1), source: Samples.partner, time: nil)
            func request(_ owner: UUID?, _ draft: SimulationRequest.Draft = .published) -> SimulationRequest {
                SimulationRequest(owner: owner, draft: draft, leads: .these([lead]))
            }
            let foreign = try await refusal { try await rules.simulate(request(Samples.rival), as: .partner) }
            #expect(foreign?.isForbidden == true && foreign?.fields == ["/workspaceId"])
            let unknown = try await refusal { try await rules.simulate(request(.sample(99)), as: .administrator) }
            #expect(unknown?.fields == ["workspaceId"])
            let missing = try await refusal { try await rules.simulate(request(nil, .stored), as: .partner) }
            #expect(missing?.fields == ["/draft"])
            let report = try await rules.simulate(request(nil), as: .partner)
            #expect(report.leadCount == 1 && report.draftName == "the same rules")
            let broken = SimulationRequest(owner: nil, draft: .published, leads: .csv(Array("email\n\"a".utf8)))
            #expect(try await refusal { try await rules.simulate(broken, as: .partner) }?.fields == ["/csv"])
            // The leads of a workspace's file are that workspace's, whatever the file names.
            let table = Array("email,industry,workspace\na@b.co,software,\(Samples.rival.text)\n".utf8)
            let file = SimulationRequest(owner: nil, draft: .published, leads: .csv(table))
            #expect(try await rules.simulate(file, as: .partner).leadCount == 1)
        }
    }

    @Test func ruleSetBelongsToItsOwner() async throws {
        try await RoutingFixture.with { fixture in
            let ruleSets = fixture.useCases().ruleSets
            for owner in [Samples.rival, nil] {
                let refusals = [
                    try await refusal { try await ruleSets.live(of: owner, as: .partner) },
                    try await refusal { try await ruleSets.version(1, of: owner, as: .partner) },
                    try await refusal { try await ruleSets.draft(of: owner, as: .partner) },
                    try await refusal { try await ruleSets.versions(of: owner, before: nil, limit: 9, as: .partner) },
                    try await refusal {
                        try await ruleSets.difference(of: owner, from: .live, to: .live, as: .partner)
                    },
                    try await refusal { try await ruleSets.saveDraft(.object([]), of: owner, as: .partner) },
                    try await refusal { try await ruleSets.deleteDraft(of: owner, as: .partner) },
                    try await refusal { try await ruleSets.publish(of: owner, expected: nil, note: nil, as: .partner) },
                    try await refusal { try await ruleSets.returnToVersion(1, of: owner, note: nil, as: .partner) },
                ]
                #expect(refusals.allSatisfy { $0?.isForbidden == true }, "\(refusals)")
            }
            #expect(try await ruleSets.live(of: Samples.partner, as: .partner).document.rules.isEmpty)
        }
    }

    @Test func failingGoldenLeadPreventsPublication() async throws {
        try await RoutingFixture.with { fixture in
            let ruleSets = fixture.useCases().ruleSets
            func document(expecting destination: UUID) throws -> JSONValue {
                let text = """
                    {"rules": [{"name": "Law", "conditions": {"industries": ["law"]}, "destination": "\(Samples.partner.text)"}],
                    "goldenLeads": [{"name": "Ada", "lead": {"email": "ada@example.com", "industry": "law"},
                    "expect": {"destination": "\(destination.text)"}}]}
                    """
                return try #require(JSONValue(json: text))
            }
            let owner = Samples.partner
            _ = try await ruleSets.saveDraft(document(expecting: Samples.rival), of: owner, as: .partner)
            let refused = try await refusal {
                try await ruleSets.publish(of: owner, expected: nil, note: nil, as: .partner)
            }
            #expect(refused?.isInvalid == true)
            #expect(refused?.fields.first?.hasPrefix("/goldenLeads/0") == true)
            let checked = try await refusal {
                try await ruleSets.saveDraft(
                    document(expecting: Samples.rival),
                    of: owner,
                    checking: true,
                    as: .partner
                )
            }
            #expect(checked?.isInvalid == true)
            #expect(try await ruleSets.live(of: owner, as: .partner).document.rules.isEmpty)
            _ = try await ruleSets.saveDraft(document(expecting: owner), of: owner, as: .partner)
            #expect(try await ruleSets.publish(of: owner, expected: nil, note: nil, as: .partner).added == 1)
        }
    }
}
