import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

/// Which lead is a duplicate of which, and what is stored for it.
@Suite struct DuplicateTests {
    @Test(arguments: [StoreFixture.a, StoreFixture.b])
    func duplicateStaysInItsSourceWorkspace(source: UUID) async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, phone: "555-010-0101", .to(StoreFixture.c)))
            let exceptions = try await fixture.ingest(
                .sample(2, from: source, email: "PERSON1@example.com", .to(StoreFixture.c)),
                .sample(3, from: source, phone: "+1 (555) 010-0101", .to(StoreFixture.c)),
                .sample(4, from: source, .to(StoreFixture.c))
            )
            #expect(
                exceptions.sorted { $0.index < $1.index } == [
                    .init(index: 0, outcome: .duplicate(of: .lead(1))),
                    .init(index: 1, outcome: .duplicate(of: .lead(1))),
                ]
            )
            for number in [2, 3] {
                let lead = try #require(try await fixture.stores.leads.find(.lead(number), as: .administrator))
                #expect(lead.status == .routed)
                #expect(lead.workspaceID == source)
                #expect(lead.duplicateOf == .lead(1))
                #expect(lead.matchedRuleID == nil)
                let history = try await fixture.stores.leads.history(.lead(number), as: .administrator)
                #expect(history.map(\.result) == ["duplicate"])
            }
            #expect(try await fixture.count("lead_attributions") == 2)
            // A duplicate claims none of its other identities: the address of number 3 is still free.
            #expect(try await fixture.ingest(.sample(5, email: "person3@example.com", .kept)).isEmpty)
        }
    }

    @Test func firstDuplicateOfABatchWins() async throws {
        try await StoreFixture.with { fixture in
            let exceptions = try await fixture.ingest(
                .sample(1, email: "twin@example.com", .to(StoreFixture.c)),
                .sample(2, from: StoreFixture.b, email: "twin@example.com", .to(StoreFixture.c))
            )
            #expect(exceptions == [.init(index: 1, outcome: .duplicate(of: .lead(1)))])
        }
    }

    /// A lead that loses to a lead that has lost itself is not written, because its original is not known yet.
    @Test func duplicateChainIsDecidedAgain() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, phone: "555-010-0101", .to(StoreFixture.c)))
            let chain: [DecidedLead] = [
                .sample(2, email: "both@example.com", phone: "5550100101", .to(StoreFixture.c)),
                .sample(3, email: "both@example.com", .to(StoreFixture.c)),
            ]
            let exceptions = try await fixture.ingest(chain[0], chain[1])
            #expect(
                exceptions.sorted { $0.index < $1.index } == [
                    .init(index: 0, outcome: .duplicate(of: .lead(1))), .init(index: 1, outcome: .again),
                ]
            )
            #expect(try await fixture.stores.leads.find(.lead(3), as: .administrator) == nil)
            #expect(try await fixture.count("lead_routing_logs", where: "lead_id = '\(UUID.lead(3).text)'") == 0)
            // The second time no other lead has its identity.
            #expect(try await fixture.ingest(chain[1]).isEmpty)
        }
    }

    /// A batch inserts its identities without a look-up until a store meets a duplicate; its next batches look up
    /// first, and insert nothing twice.
    @Test func duplicateMakesNextBatchesQueryFirst() async throws {
        // The one connection that inserts reports what it has inserted.
        try await StoreFixture.with(connections: 1) { fixture in
            /// Identities that were inserted, also those that were removed again.
            func inserted() async throws -> Int64 {
                _ = try await fixture.pool.query(Statement("", "SELECT pg_stat_force_next_flush()"))
                let count = Statement(
                    "",
                    "SELECT n_tup_ins FROM pg_stat_all_tables WHERE relid = 'lead_identity_claims'::regclass"
                )
                return try await fixture.pool.query(count).first?.int64(0) ?? 0
            }
            func pair(_ first: Int, _ emails: String...) async throws -> [IngestException] {
                try await fixture.ingest(
                    .sample(first, email: emails[0], .to(StoreFixture.c)),
                    .sample(first + 1, email: emails[1], .to(StoreFixture.c))
                )
            }
            #expect(try await pair(1, "one@example.com", "two@example.com").isEmpty)
            #expect(try await inserted() == 2)
            let met = try await pair(3, "three@example.com", "two@example.com")
            #expect(met == [.init(index: 1, outcome: .duplicate(of: .lead(2)))])
            let before = try await inserted()
            #expect(before > 3)
            // Both are known, so a batch that looks up first inserts none.
            #expect(try await pair(5, "one@example.com", "two@example.com").count == 2)
            #expect(try await inserted() == before)
            for number in 1...16 {
                try await fixture.ingest(.sample(100 + number, email: "new\(number)@example.com", .to(StoreFixture.c)))
            }
            #expect(try await inserted() == before + 16)
            // The duplicate is not remembered: it is inserted, removed, and found to be known.
            #expect(try await pair(7, "seven@example.com", "two@example.com").count == 1)
            #expect(try await inserted() > before + 17)
        }
    }

    /// An identity that no look-up can find is claimed by another transaction, which a batch waits for, with or without
    /// a look-up: if it commits, one lead is a duplicate, and the others keep their claims.
    @Test(arguments: [true, false], [true, false])
    func insertWaitsForConcurrentClaim(commits: Bool, looks: Bool) async throws {
        try await StoreFixture.with { fixture in
            if looks {
                let known = try await fixture.ingest(
                    .sample(41, email: "known@example.com", .to(StoreFixture.c)),
                    .sample(42, email: "known@example.com", .to(StoreFixture.c))
                )
                #expect(known.count == 1)
            }
            let ahead = "NOT IN ('\(UUID.lead(41).text)', '\(UUID.lead(42).text)')"
            try await fixture.pool.removeGuardIfAsked(
                "EXCEPTION WHEN unique_violation THEN",
                from: "ingest_decided",
                with: "EXCEPTION WHEN division_by_zero THEN",
                asked: "claim-race"
            )
            let other = DecidedLead.sample(9, from: StoreFixture.b, email: "person2@example.com", .to(StoreFixture.c))
            let claim = other.prepared.identities.claims[0].hex
            let batch = (1...3).map { DecidedLead.sample($0, phone: "555-010-010\($0)", .to(StoreFixture.c)) }
            let ingest: Task<[IngestException], any Error>
            do {
                ingest = try await fixture.pool.withTransaction { connection in
                    _ = try await connection.simple(
                        """
                        INSERT INTO lead_identity_claims (identity, lead_id, workspace_id)
                        VALUES (decode('\(claim)', 'hex'), '\(UUID.lead(9).text)', '\(StoreFixture.b.text)')
                        """
                    )
                    let version = try await fixture.stores.ruleSets.version()
                    let waiting = Task {
                        let result = try await fixture.stores.intake.ingest(batch, version: version, isRepeat: false)
                        guard case .written(let exceptions) = result else { throw UnexpectedlyStale() }
                        return exceptions
                    }
                    // Until it waits for this claim.
                    while try await fixture.count(
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
            #expect(try await fixture.count("leads", where: "id \(ahead)") == 3)
            #expect(try await fixture.count("lead_attributions", where: "lead_id \(ahead)") == (commits ? 2 : 3))
            let claims = try await fixture.run(
                "SELECT lead_id, count(*) FROM lead_identity_claims WHERE lead_id \(ahead) GROUP BY 1 ORDER BY 1"
            )
            let own = [1, 2, 3].filter { !commits || $0 != 2 }.map { [UUID.lead($0).text, "2"] }
            #expect(claims == own + (commits ? [[UUID.lead(9).text, "1"]] : []))
        }
    }
}

/// A transaction that is rolled back while another waits for it.
private struct GivenUp: Error {
    let waiting: Task<[IngestException], any Error>
}
