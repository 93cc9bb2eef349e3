import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

/// Who is a duplicate of whom, and what becomes of it.
@Suite struct DuplicateTests {
    @Test(arguments: [Scene.a, Scene.b])
    func aDuplicateStaysAtHomeWhoeverHadTheLeadBefore(source: UUID) async throws {
        try await Scene.with { scene in
            try await scene.ingest(.sample(1, phone: "555-010-0101", .to(Scene.c)))
            let exceptions = try await scene.ingest(
                .sample(2, from: source, email: "PERSON1@example.com", .to(Scene.c)),
                .sample(3, from: source, phone: "+1 (555) 010-0101", .to(Scene.c)),
                .sample(4, from: source, .to(Scene.c))
            )
            #expect(
                exceptions.sorted { $0.index < $1.index } == [
                    .init(index: 0, outcome: .duplicate(of: .lead(1))),
                    .init(index: 1, outcome: .duplicate(of: .lead(1))),
                ]
            )
            for number in [2, 3] {
                let lead = try #require(try await scene.store.lead(.lead(number), as: .administrator))
                #expect(lead.status == .routed)
                #expect(lead.workspaceID == source)
                #expect(lead.duplicateOf == .lead(1))
                #expect(lead.matchedRuleID == nil)
                let history = try await scene.store.history(.lead(number), as: .administrator)
                #expect(history.map(\.result) == ["duplicate"])
            }
            #expect(try await scene.count("lead_attributions") == 2)
            // A duplicate keeps none of its other claims: number 3's own address is still free.
            #expect(try await scene.ingest(.sample(5, email: "person3@example.com", .kept)).isEmpty)
        }
    }

    @Test func ofTwinsInOneBatchTheFirstWins() async throws {
        try await Scene.with { scene in
            let exceptions = try await scene.ingest(
                .sample(1, email: "twin@example.com", .to(Scene.c)),
                .sample(2, from: Scene.b, email: "twin@example.com", .to(Scene.c))
            )
            #expect(exceptions == [.init(index: 1, outcome: .duplicate(of: .lead(1)))])
        }
    }

    /// A lead that loses to one that has itself lost is not written, because whose duplicate it is cannot be said yet.
    @Test func aChainIsDecidedAgain() async throws {
        try await Scene.with { scene in
            try await scene.ingest(.sample(1, phone: "555-010-0101", .to(Scene.c)))
            let chain: [DecidedLead] = [
                .sample(2, email: "both@example.com", phone: "5550100101", .to(Scene.c)),
                .sample(3, email: "both@example.com", .to(Scene.c)),
            ]
            let exceptions = try await scene.ingest(chain[0], chain[1])
            #expect(
                exceptions.sorted { $0.index < $1.index } == [
                    .init(index: 0, outcome: .duplicate(of: .lead(1))), .init(index: 1, outcome: .again),
                ]
            )
            #expect(try await scene.store.lead(.lead(3), as: .administrator) == nil)
            #expect(try await scene.count("lead_routing_logs", where: "lead_id = '\(UUID.lead(3).text)'") == 0)
            // The second time nobody is in its way.
            #expect(try await scene.ingest(chain[1]).isEmpty)
        }
    }
}
