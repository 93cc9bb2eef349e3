import FoundationEssentials
import Postgres
import RoutingRules
import Testing

/// The guide's written lock: one owner at a time, and an owner that has lost the lock changes nothing.
@Suite struct LockRaceTests {
    private let acquire = Statement("test_acquire", "SELECT public.acquire_routing_lock($1, $2)")
    private let complete = Statement("test_complete", "SELECT public.complete_routing($1, $2, NULL, $3)")

    private func lock(_ fixture: RoutingFixture, _ lead: UUID, _ owner: UUID) async throws -> Bool {
        var parameters = Parameters()
        parameters.append(lead)
        parameters.append(owner)
        return try await fixture.pool.query(acquire, parameters).first?.bool(0) ?? false
    }

    private func complete(
        _ fixture: RoutingFixture,
        _ lead: UUID,
        to workspace: UUID,
        _ owner: UUID
    ) async throws -> Bool {
        var parameters = Parameters()
        parameters.append(lead)
        parameters.append(workspace)
        parameters.append(owner)
        return try await fixture.pool.query(complete, parameters).first?.bool(0) ?? false
    }

    @Test func oneOfHundredsAcquiresLock() async throws {
        try await RoutingFixture.with(connections: 24) { fixture in
            try await fixture.insertWaiting(3)
            let ids = try await fixture.run("SELECT id FROM leads").compactMap { UUID(text: $0[0]) }
            for lead in ids {
                let winners = try await withThrowingTaskGroup(of: UUID?.self) { group in
                    for _ in 0..<300 {
                        group.addTask {
                            let owner = UUID()
                            // A connection for each, or they would wait for each other.
                            return try await fixture.pool.withConnection { connection in
                                var parameters = Parameters()
                                parameters.append(lead)
                                parameters.append(owner)
                                let isOurs = try await connection.query(acquire, parameters).first?.bool(0) == true
                                return isOurs ? owner : nil
                            }
                        }
                    }
                    return try await group.reduce(into: []) { owners, owner in owners += owner.map { [$0] } ?? [] }
                }
                #expect(winners.count == 1)
                let owner = try await fixture.run("SELECT routing_locked_by FROM leads WHERE id = '\(lead.text)'")
                #expect(owner == [winners.map(\.text)])
            }
            #expect(try await fixture.number("SELECT max(routing_attempts) FROM leads") == 1)
        }
    }

    /// The old owner completes at the moment at which a new one takes the stale lock over and completes.
    @Test func lostLockOwnerChangesNothing() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.insertWaiting(40)
            let ids = try await fixture.run("SELECT id FROM leads").compactMap { UUID(text: $0[0]) }
            let (old, new) = (UUID(), UUID())
            for lead in ids { #expect(try await lock(fixture, lead, old)) }
            try await fixture.run("UPDATE leads SET routing_locked_at = now() - interval '6 minutes'")
            for (place, lead) in ids.enumerated() {
                async let late = complete(fixture, lead, to: Samples.west, old)
                let isTaken = try await lock(fixture, lead, new)
                let isDone = isTaken ? try await complete(fixture, lead, to: Samples.east, new) : false
                let wasLate = try await late
                #expect(wasLate != isDone)
                let place = try await fixture.run(
                    "SELECT workspace_id FROM leads WHERE id = '\(lead.text)' /* \(place) */"
                )
                #expect(place == [[(isDone ? Samples.east : Samples.west).text]])
            }
            #expect(try await fixture.guideViolations() == 0)
        }
    }

    @Test func takeoverFencesOffOldOwner() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.insertWaiting(1)
            let lead = try #require(try await fixture.run("SELECT id FROM leads").first.flatMap { UUID(text: $0[0]) })
            let (old, new) = (UUID(), UUID())
            #expect(try await lock(fixture, lead, old))
            #expect(try await !lock(fixture, lead, new))
            try await fixture.run("UPDATE leads SET routing_locked_at = now() - interval '6 minutes'")
            #expect(try await lock(fixture, lead, new))
            let before = try await fixture.run("SELECT * FROM leads")
            #expect(try await !complete(fixture, lead, to: Samples.west, old))
            let fail = "SELECT fail_routing('\(lead.text)', 'late', '\(old.text)', 5)"
            #expect(try await fixture.run(fail) == [["f"]])
            #expect(try await fixture.run("SELECT * FROM leads") == before)
            #expect(try await fixture.number("SELECT count(*) FROM lead_routing_logs") == 0)
            #expect(try await complete(fixture, lead, to: Samples.east, new))
        }
    }
}

extension RoutingFixture {
    /// Leads that the guide's functions have not completed exactly once.
    fileprivate func guideViolations() async throws -> Int {
        try await number(
            """
            SELECT count(*) FROM leads l WHERE l.routing_status <> 'routed'
                OR (SELECT count(*) FROM lead_routing_logs g WHERE g.lead_id = l.id) <> 1
                OR (SELECT count(*) FROM lead_attributions a WHERE a.lead_id = l.id) <> 1
            """
        )
    }
}
