import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadRouting

/// Repeated requests.
@Suite struct IdempotencyTests {
    private static let sender = UUID.sample(1)

    /// A node on a database with one workspace.
    private struct Node {
        let stores: Stores
        let intake: LeadIntake

        init(_ database: TestDatabase) {
            stores = Stores(pool: database.pool)
            intake = LeadIntake(
                store: stores.intake,
                rules: RuleSetCache(source: stores.ruleSets),
                logger: Samples.quiet
            )
        }
    }

    private func withNodes(_ body: @Sendable (TestDatabase, Node, Node) async throws -> Void) async throws {
        try await withTestDatabase { database in
            let sql = "INSERT INTO public.workspaces (id, name) VALUES ('\(Self.sender.uuidString)', 'Sender')"
            _ = try await database.pool.simple(sql)
            try await body(database, Node(database), Node(database))
        }
    }

    private func claim(_ key: String, _ body: String, place: Int = 0) -> IdempotencyClaim {
        IdempotencyClaim(key: key, place: place, request: IdempotencyClaim.digest(of: Array(body.utf8)))
    }

    private func count(_ database: TestDatabase, _ table: String) async throws -> Int64 {
        try await database.pool.query(Statement("", "SELECT count(*) FROM \(table)")).first?.int64(0) ?? -1
    }

    private func answer(_ intake: LeadIntake, _ claim: IdempotencyClaim) async -> Result<RoutingOutcome, IntakeError> {
        do throws(IntakeError) {
            return .success(try await intake.submit(Samples.lead(1), from: Self.sender, idempotency: claim))
        } catch {
            return .failure(error)
        }
    }

    @Test func repetitionGetsTheFirstAnswer() async throws {
        try await withNodes { database, node, other in
            let claim = claim("k", "body")
            let first = try await node.intake.submit(Samples.lead(1), from: Self.sender, idempotency: claim)
            #expect(!first.isReplay)
            // Later changes do not change the answer.
            _ = try await database.pool.simple("UPDATE public.workspaces SET name = 'Renamed'")
            var second = try await other.intake.submit(Samples.lead(1), from: Self.sender, idempotency: claim)
            #expect(second.isReplay)
            second.isReplay = false
            #expect(second.reason.text(for: .administrator) == first.reason.text(for: .administrator))
            second.reason = first.reason
            #expect(second == first)
            #expect(try await count(database, "public.leads") == 1)
            #expect(try await count(database, "public.lead_routing_logs") == 1)
        }
    }

    @Test func keyOfAnotherRequestIsRefused() async throws {
        try await withNodes { database, node, other in
            _ = try await node.intake.submit(Samples.lead(1), from: Self.sender, idempotency: claim("k", "one"))
            let refusal = await #expect(throws: IntakeError.self) {
                try await other.intake.submit(Samples.lead(2), from: Self.sender, idempotency: claim("k", "two"))
            }
            #expect(refusal?.code == .keyMismatch)
            #expect(try await count(database, "public.leads") == 1)
            // It has claimed no identity.
            #expect(try await !node.intake.submit(Samples.lead(2), from: Self.sender).isDuplicate)
        }
    }

    /// Without the primary key of `switchyard.idempotency_keys` several leads would be created.
    @Test func concurrentRepetitionsMakeOneLead() async throws {
        try await withNodes { database, node, other in
            let claim = claim("k", "body")
            let answers = await withTaskGroup(of: Result<RoutingOutcome, IntakeError>.self) { group in
                for number in 0..<100 {
                    let intake = number.isMultiple(of: 2) ? node.intake : other.intake
                    group.addTask { await answer(intake, claim) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let outcomes = answers.compactMap { try? $0.get() }
            #expect(Set(outcomes.map(\.leadID)).count == 1)
            #expect(outcomes.filter { !$0.isReplay }.count == 1)
            #expect(outcomes.allSatisfy { !$0.isDuplicate })
            let refusals = answers.compactMap { answer -> IntakeError.Code? in
                guard case .failure(let error) = answer else { return nil }
                return error.code
            }
            #expect(refusals.allSatisfy { $0 == .requestInFlight })
            let stored = try await count(database, "public.leads")
            #expect(stored == 1)
        }
    }

    @Test func repeatedBatchStoresMissingLeads() async throws {
        try await withNodes { database, node, other in
            let leads = (0..<10).map { (lead: Samples.lead($0), source: Self.sender) }
            let claims = (0..<10).map { Optional(claim("k", "batch", place: $0)) }
            _ = try await node.intake.submit(batch: Array(leads[..<4]), idempotency: Array(claims[..<4]))
            let results = try await other.intake.submit(batch: leads, idempotency: claims)
            #expect(results.map { (try? $0.get())?.isReplay } == (0..<10).map { $0 < 4 })
            #expect(results.allSatisfy { (try? $0.get())?.isDuplicate == false })
            #expect(try await count(database, "public.leads") == 10)
            #expect(try await count(database, "switchyard.idempotency_keys") == 10)
        }
    }

    @Test func idempotencyKeyExpiresAfterOneDay() async throws {
        try await withNodes { database, node, _ in
            _ = try await node.intake.submit(Samples.lead(1), from: Self.sender, idempotency: claim("k", "one"))
            let older = "UPDATE switchyard.idempotency_keys SET created_at = created_at - interval '24 hours 1 second'"
            _ = try await database.pool.simple(older)
            let second = try await node.intake.submit(
                Samples.lead(2),
                from: Self.sender,
                idempotency: claim("k", "two")
            )
            #expect(!second.isReplay)
            let keys = Statement("", "SELECT switchyard.prune(), count(*) FROM switchyard.idempotency_keys")
            _ = try await database.pool.query(keys)
            #expect(try await database.pool.query(keys).first?.int64(1) == 1)
            _ = try await database.pool.simple(older)
            _ = try await database.pool.query(keys)
            #expect(try await database.pool.query(keys).first?.int64(1) == 0)
        }
    }

    @Test func refusedLeadKeepsItsKeyFree() async throws {
        try await withNodes { database, node, _ in
            let stores = node.stores
            let version = try await stores.ruleSets.version()
            let prepared = PreparedLead(
                id: UUID(),
                source: Self.sender,
                lead: Samples.lead(1),
                idempotency: claim("k", "one")
            )
            let batch = [DecidedLead(prepared, Assignment(result: .unmatched, destination: Self.sender, reason: "-"))]
            #expect(try await stores.intake.ingest(batch, version: version - 1, isRepeat: false) == .stale)
            #expect(try await count(database, "switchyard.idempotency_keys") == 0)
            #expect(
                try await stores.intake.ingest(batch, version: version, isRepeat: false) == .written(exceptions: [])
            )
            // The same attempt again, with an unknown outcome: the lead is stored, and does not count as a repetition.
            let again = try await stores.intake.ingest(batch, version: version, isRepeat: true)
            #expect(again == .written(exceptions: [.init(index: 0, outcome: .exists)]))
        }
    }
}
