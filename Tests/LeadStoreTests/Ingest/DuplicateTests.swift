import FoundationEssentials
import LeadStore
import Postgres
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
                let lead = try #require(try await scene.stores.leads.lead(.lead(number), as: .administrator))
                #expect(lead.status == .routed)
                #expect(lead.workspaceID == source)
                #expect(lead.duplicateOf == .lead(1))
                #expect(lead.matchedRuleID == nil)
                let history = try await scene.stores.leads.history(.lead(number), as: .administrator)
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
            #expect(try await scene.stores.leads.lead(.lead(3), as: .administrator) == nil)
            #expect(try await scene.count("lead_routing_logs", where: "lead_id = '\(UUID.lead(3).text)'") == 0)
            // The second time nobody is in its way.
            #expect(try await scene.ingest(chain[1]).isEmpty)
        }
    }

    /// Batches are claimed at once, without a look, until there was a twin; the next ones look first, and write nothing twice.
    @Test func aTwinMakesTheNextBatchesLook() async throws {
        try await Scene.with(connections: 1) { scene in
            /// Asks as the store does: a connection that is lent forgets its settings when it is given back.
            func value(_ sql: String) async throws -> String? {
                try await scene.pool.query(Statement("", sql)).first.map { $0.isNull(0) ? "" : try $0.string(0) }
            }
            func looksLeft() async throws -> String? {
                try await value("SELECT current_setting('switchyard.looks_left', true)")
            }
            /// Claims that were written, also those that were taken back.
            func written() async throws -> String? {
                _ = try await value("SELECT pg_stat_force_next_flush()::text")
                return try await value(
                    "SELECT n_tup_ins::text FROM pg_stat_all_tables WHERE relid = 'lead_identity_claims'::regclass"
                )
            }
            try await scene.ingest(.sample(1, .to(Scene.c)), .sample(2, .to(Scene.c)))
            #expect(try await looksLeft() == "")
            #expect(try await written() == "2")
            let twin = try await scene.ingest(
                .sample(3, .to(Scene.c)),
                .sample(4, email: "person2@example.com", .to(Scene.c))
            )
            #expect(twin == [.init(index: 1, outcome: .duplicate(of: .lead(2)))])
            #expect(try await looksLeft() == "16")
            let before = try await written()
            let another = try await scene.ingest(
                .sample(5, email: "person1@example.com", .to(Scene.c)),
                .sample(6, email: "person2@example.com", .to(Scene.c))
            )
            #expect(another.count == 2)
            #expect(try await looksLeft() == "16")
            #expect(try await written() == before)
            for left in [15, 14] {
                try await scene.ingest(.sample(30 - left, phone: "555-010-01\(left)", .to(Scene.c)))
                #expect(try await looksLeft() == "\(left)")
            }
        }
    }

    /// An identity that nobody could see is being claimed by somebody else, whose commit a batch waits for, whether it looked
    /// first or not: then one lead is a duplicate, and the others keep all of their claims.
    @Test(arguments: [true, false], [0, 16]) func somebodyElseIsClaimingTheSame(commits: Bool, looks: Int) async throws
    {
        try await Scene.with { scene in
            // For the connections to come, which the batch is one of.
            try await scene.run(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET switchyard.looks_left = \(looks)', current_database()); END $$"
            )
            try await scene.remove(
                "EXCEPTION WHEN unique_violation THEN",
                from: "ingest_decided",
                with: "EXCEPTION WHEN division_by_zero THEN",
                asked: "claim-race"
            )
            let other = DecidedLead.sample(9, from: Scene.b, email: "person2@example.com", .to(Scene.c))
            let claim = other.prepared.identities.claims[0].hex
            let batch = (1...3).map { DecidedLead.sample($0, phone: "555-010-010\($0)", .to(Scene.c)) }
            let ingest: Task<[IngestException], any Error>
            do {
                ingest = try await scene.pool.withTransaction { connection in
                    _ = try await connection.simple(
                        """
                        INSERT INTO lead_identity_claims (identity, lead_id, workspace_id)
                        VALUES (decode('\(claim)', 'hex'), '\(UUID.lead(9).text)', '\(Scene.b.text)')
                        """
                    )
                    let version = try await scene.stores.ruleSets.ruleSetVersion()
                    let waiting = Task {
                        let result = try await scene.stores.intake.ingest(batch, version: version, isRepeat: false)
                        guard case .written(let exceptions) = result else { throw UnexpectedlyStale() }
                        return exceptions
                    }
                    // Until it waits for this claim.
                    while try await scene.count(
                        "pg_stat_activity",
                        where: "datname = current_database() AND wait_event_type = 'Lock'"
                    ) == 0 { try Task.checkCancellation() }
                    if !commits { throw GivenUp(waiting: waiting) }
                    return waiting
                }
            } catch let error as GivenUp {
                ingest = error.waiting
            }
            let exceptions = try await ingest.value
            #expect(exceptions == (commits ? [.init(index: 1, outcome: .duplicate(of: .lead(9)))] : []))
            #expect(try await scene.count("leads") == 3)
            #expect(try await scene.count("lead_attributions") == (commits ? 2 : 3))
            let claims = try await scene.run("SELECT lead_id, count(*) FROM lead_identity_claims GROUP BY 1 ORDER BY 1")
            let own = [1, 2, 3].filter { !commits || $0 != 2 }.map { [UUID.lead($0).text, "2"] }
            #expect(claims == own + (commits ? [[UUID.lead(9).text, "1"]] : []))
        }
    }
}

/// A transaction that is rolled back while somebody waits for it.
private struct GivenUp: Error {
    let waiting: Task<[IngestException], any Error>
}
