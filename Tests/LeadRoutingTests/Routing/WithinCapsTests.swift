import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Synchronization
import TestDatabase
import Testing

@testable import LeadRouting

/// Batches for capped destinations that do not lock the counters while they decide and write.
@Suite struct WithinCapsTests {
    /// Decides leads of the partner and stores them; the state of the first read may be replaced, as if it were
    /// outdated.
    private func ingest(
        _ fixture: RoutingFixture,
        _ numbers: some Sequence<Int>,
        isRepeat: Bool = false,
        looking: @escaping @Sendable (inout RoutingState) -> Void = { _ in }
    ) async throws -> [IngestException] {
        let rules = CompiledRuleSet(try await fixture.stores.ruleSets.load())
        let prepared = numbers.map { number in
            PreparedLead(id: UUID.v7(milliseconds: Int64(number)), source: Samples.partner, lead: Samples.lead(number))
        }
        let request = rules.stateRequest(for: prepared.map { ($0.lead, $0.source) })
        let looks = Looks()
        let (_, result) = try await fixture.stores.intake.ingest(
            holding: request,
            version: rules.version,
            isRepeat: isRepeat
        ) {
            state in
            if looks.isFirst() { looking(&state) }
            return prepared.map { DecidedLead($0, Assignment(rules.decide($0.lead, from: $0.source, in: &state))) }
        }
        guard case .written(let exceptions) = result else { throw UnexpectedlyStale() }
        return exceptions
    }

    private struct UnexpectedlyStale: Error {}

    private static let taken = "SELECT amount FROM switchyard.routing_state WHERE scope = 1"
    private static let waitsForALock = "datname = current_database() AND wait_event_type = 'Lock'"
    private static let inTheWest = "SELECT count(*) FROM leads WHERE workspace_id = '\(Samples.west.text)'"

    /// A batch that waits for something else does not delay the next one for the same destination.
    @Test(.timeLimit(.minutes(1))) func parallelBatchesToOneDestinationPass() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .day, limit: 100)]))
            _ = try await ingest(fixture, 0..<1)
            let claim = LeadIdentities(email: Samples.lead(1).email, phone: nil, companyName: nil).claims[0].hex
            let (held, release) = AsyncStream.makeStream(of: Void.self)
            async let holder: Void = fixture.pool.withTransaction { connection in
                _ = try await connection.query(
                    Statement(
                        "",
                        """
                        INSERT INTO lead_identity_claims (identity, lead_id, workspace_id)
                        VALUES (decode('\(claim)', 'hex'), gen_random_uuid(), '\(Samples.rival.text)')
                        """
                    )
                )
                for await _ in held { break }
            }
            try await fixture.until("datname = current_database() AND state = 'idle in transaction'")
            async let waiting = ingest(fixture, 1..<4)
            try await fixture.until(Self.waitsForALock)
            #expect(try await ingest(fixture, 10..<15).isEmpty)
            release.yield()
            #expect(try await waiting.count == 1)
            try await holder
            // The duplicate is not counted.
            #expect(try await fixture.number(Self.taken) == 8)
            #expect(try await fixture.number(Self.inTheWest) == 8)
        }
    }

    /// The state that was read may be outdated when the batch is written.
    @Test func staleUsageDoesNotExceedCap() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "AND s.amount + k.taken <= k.most",
                from: "take_within_caps",
                asked: "capacity-check"
            )
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 10)]))
            _ = try await ingest(fixture, 0..<8)
            // One more than the capacity.
            _ = try await ingest(fixture, 10..<13) { state in
                for key in state.amounts.keys { state.amounts[key]?.value = 0 }
            }
            #expect(try await fixture.number(Self.taken) == 10)
            #expect(try await fixture.number(Self.inTheWest) == 10)
            #expect(try await fixture.number("SELECT count(*) FROM leads") == 11)
        }
    }

    @Test func usageOfOtherPeriodIsIgnored() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "AND (extract(epoch FROM s.window_start) * 1000000)::bigint = k.window_start",
                from: "take_within_caps",
                asked: "capacity-window"
            )
            try await fixture.pool.removeGuardIfAsked(
                "AND s.window_end > clock_timestamp()",
                from: "take_within_caps",
                asked: "capacity-window-end"
            )
            try await fixture.distribute(Distribution(caps: [Cap(per: .day, limit: 10)]))
            _ = try await ingest(fixture, 0..<1)
            _ = try await ingest(fixture, 1..<2) { state in
                for key in state.amounts.keys { state.amounts[key]?.windowStart -= 86_400_000_000 }
            }
            #expect(
                try await fixture.number(
                    """
                    SELECT count(*) FROM lead_routing_logs g, switchyard.routing_state s
                    WHERE (g.metadata #>> '{state,amounts,0,5}')::bigint = extract(epoch FROM s.window_start) * 1000000
                    """
                ) == 2
            )
            // The window ends; later leads are counted in the next one.
            try await fixture.run("UPDATE switchyard.routing_state SET window_end = now() - interval '1 second'")
            _ = try await ingest(fixture, 2..<3)
            #expect(try await fixture.number("\(Self.taken) AND window_end > now()") == 1)
        }
    }

    /// Duplicates, and leads that an earlier attempt stored, use no capacity.
    @Test func unwrittenLeadsTakeNoCapacity() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "WHERE NOT EXISTS (SELECT FROM unnest(v_ordinal) x (lead) WHERE x.lead = u.lead)",
                from: "ingest_within_caps",
                asked: "capacity-exceptions"
            )
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 100)]))
            _ = try await ingest(fixture, 0..<3)
            #expect(try await ingest(fixture, 2..<6).map(\.index) == [0])
            #expect(try await fixture.number(Self.taken) == 6)
            let rules = CompiledRuleSet(try await fixture.stores.ruleSets.load())
            let claim = IdempotencyClaim(key: "k", place: 0, request: IdempotencyClaim.digest(of: [1]))
            for number in [7, 8] {
                let lead = PreparedLead(
                    id: UUID.v7(milliseconds: Int64(number)),
                    source: Samples.partner,
                    lead: Samples.lead(7),
                    idempotency: claim
                )
                let request = rules.stateRequest(for: [(lead.lead, lead.source)])
                for isRepeat in [false, true] {
                    _ = try await fixture.stores.intake.ingest(
                        holding: request,
                        version: rules.version,
                        isRepeat: isRepeat
                    ) {
                        [DecidedLead(lead, Assignment(rules.decide(lead.lead, from: lead.source, in: &$0)))]
                    }
                    #expect(try await fixture.number(Self.taken) == 7)
                }
            }
            #expect(try await fixture.number(Self.inTheWest) == 7)
        }
    }

    /// A backend dies after it has written and counted everything, before its commit.
    @Test func crashReleasesReservedCapacity() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 100)]))
            _ = try await ingest(fixture, 0..<3)
            try await fixture.run(
                """
                DO $do$ BEGIN EXECUTE (SELECT replace(pg_get_functiondef(p.oid), 'RETURN v_counters',
                    'PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN v_counters')
                    FROM pg_proc p WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname = 'take_within_caps'); END $do$
                """
            )
            await #expect(throws: PostgresError.self) { _ = try await ingest(fixture, 10..<15) }
            #expect(try await fixture.number(Self.taken) == 3)
            #expect(try await fixture.number("SELECT count(*) FROM leads") == 3)
        }
    }

    /// Another transaction holds the counters and wants an identity that the batch has claimed: the batch fails and is
    /// repeated.
    @Test(.timeLimit(.minutes(1))) func yieldsToLockedCounters() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.distribute(Distribution(caps: [Cap(per: .total, limit: 100)]))
            _ = try await ingest(fixture, 0..<1)
            let claim = LeadIdentities(email: Samples.lead(1).email, phone: nil, companyName: nil).claims[0].hex
            let (exceptions, _) = try await fixture.pool.withTransaction { connection in
                _ = try await connection.query(
                    Statement("", "SELECT scope FROM switchyard.routing_state FOR UPDATE")
                )
                let batch = Task { try await ingest(fixture, 1..<3) }
                try await fixture.until(Self.waitsForALock)
                _ = try await connection.query(
                    Statement(
                        "",
                        """
                        INSERT INTO lead_identity_claims (identity, lead_id, workspace_id)
                        VALUES (decode('\(claim)', 'hex'), gen_random_uuid(), '\(Samples.rival.text)')
                        """
                    )
                )
                return (batch, ())
            }
            #expect(try await exceptions.value.map(\.index) == [0])
            #expect(try await fixture.number(Self.taken) == 2)
        }
    }
}

/// Distinguishes the first of several reads.
private final class Looks: Sendable {
    private let count = Mutex(0)

    func isFirst() -> Bool {
        count.withLock {
            $0 += 1
            return $0 == 1
        }
    }
}
