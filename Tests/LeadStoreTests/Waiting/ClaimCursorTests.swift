import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

/// A claim continues where the last one ended, and leads added before that place are not lost.
@Suite struct ClaimCursorTests {
    private let start = ContinuousClock.now

    private func place(_ source: UUID, _ due: Int64) -> ClaimCursor.Place {
        ClaimCursor.Place(source: source, due: Timestamp(microsecondsSinceUnixEpoch: due))
    }

    private func ends(_ places: ClaimCursor, after seconds: Double = 0) -> [UUID: Int64]? {
        places.places(.new, now: start.advanced(by: .seconds(seconds)))?.mapValues(\.microsecondsSinceUnixEpoch)
    }

    @Test func nextClaimStartsAtTheCursor() {
        let places = ClaimCursor()
        #expect(ends(places) == nil)
        let first = [
            place(StoreFixture.a, 5), place(StoreFixture.a, 7), place(StoreFixture.b, 6), place(StoreFixture.a, 6),
        ]
        places.note(.new, first, limit: 4, walk: (took: .zero, end: start))
        #expect(ends(places) == [StoreFixture.a: 7, StoreFixture.b: 6])
        // Retries have their own places.
        #expect(places.places(.tried, now: start) == nil)
        places.note(
            .new,
            [place(StoreFixture.a, 9), place(StoreFixture.a, 8), place(StoreFixture.b, 6), place(StoreFixture.b, 6)],
            limit: 4,
            walk: nil
        )
        #expect(ends(places) == [StoreFixture.a: 9, StoreFixture.b: 6])
        // Another worker may report later.
        places.note(
            .new,
            [place(StoreFixture.a, 7), place(StoreFixture.a, 7), place(StoreFixture.b, 6), place(StoreFixture.b, 7)],
            limit: 4,
            walk: nil
        )
        #expect(ends(places) == [StoreFixture.a: 9, StoreFixture.b: 7])
    }

    @Test func claimReturnsToTheFront() {
        let places = ClaimCursor()
        let claimed = (0..<10).map { place(StoreFixture.a, $0) }
        places.note(.new, claimed, limit: 10, walk: (took: .milliseconds(1), end: start))
        #expect(ends(places, after: 0.24) != nil)
        #expect(ends(places, after: 0.26) == nil)
        // A claim from the front may take a twentieth of the time at most.
        places.note(.new, claimed, limit: 10, walk: (took: .seconds(1), end: start))
        #expect(ends(places, after: 19) != nil)
        #expect(ends(places, after: 21) == nil)
    }

    @Test func emptySourceResetsTheCursor() {
        let places = ClaimCursor()
        let claimed = (0..<10).map { place(StoreFixture.a, $0) }
        places.note(.new, claimed, limit: 10, walk: (took: .zero, end: start))
        places.note(.new, Array(claimed.prefix(9)), limit: 10, walk: nil)
        #expect(ends(places) == nil)
        // A late report of a claim that started from places that are no longer known.
        places.note(.new, claimed, limit: 10, walk: nil)
        #expect(ends(places) == nil)
        // Too many sources for each to have had its share.
        let many = (0..<10).map { place(.sample(UInt8($0 % 6 + 1)), 1) }
        places.note(.new, many, limit: 10, walk: (took: .zero, end: start))
        #expect(ends(places) == nil)
    }

    /// A claim from its places does not see earlier leads; the next one from the front does.
    @Test func leadBehindTheCursorIsFound() async throws {
        try await StoreFixture.with { fixture in
            for number in 1...6 { try await fixture.ingest(.sample(number, .queued)) }
            try await fixture.run(
                """
                UPDATE lead_routing_queue SET next_retry_at = now() - interval '1 hour' - interval '1 minute' * right(lead_id::text, 1)::int
                """
            )
            #expect(
                try await fixture.settle(.to(StoreFixture.b), limit: 2, kinds: [.new]).map(\.lead.prepared.id)
                    == [6, 5].map(UUID.lead)
            )
            try await fixture.ingest(.sample(7, .queued))
            try await fixture.run(
                "UPDATE lead_routing_queue SET next_retry_at = now() - interval '1 day' WHERE lead_id = '\(UUID.lead(7).text)'"
            )
            #expect(
                try await fixture.settle(.to(StoreFixture.b), limit: 2, kinds: [.new]).map(\.lead.prepared.id)
                    == [4, 3].map(UUID.lead)
            )
            let another = Stores(pool: fixture.pool)
            let version = try await another.ruleSets.version()
            let result = try await another.queue.claimAndSettle(.due(.new, limit: 2)) { leads in
                (version, leads.map { _ in .to(StoreFixture.b) })
            }
            guard case .settled(let settled) = result else { throw UnexpectedlyStale() }
            #expect(settled.map(\.lead.prepared.id) == [7, 2].map(UUID.lead))
        }
    }

    /// The queue's row is not locked: another transaction may have postponed the lead between the read of the queue and
    /// the lock.
    @Test func noLongerDueLeadIsOmitted() async throws {
        try await StoreFixture.with { fixture in
            for number in 1...2 { try await fixture.ingest(.sample(number, .queued)) }
            try await fixture.run(
                "UPDATE lead_routing_queue SET next_retry_at = now() + interval '1 minute' WHERE lead_id = '\(UUID.lead(1).text)'"
            )
            let held = "ARRAY['\(UUID.lead(1).text)', '\(UUID.lead(2).text)']::uuid[]"
            #expect(
                try await fixture.run("SELECT lead_id FROM switchyard.held_leads(\(held), true)") == [
                    [UUID.lead(2).text]
                ]
            )
            #expect(try await fixture.run("SELECT lead_id FROM switchyard.held_leads(\(held))").count == 2)
        }
    }

    /// The cursor does not bypass a pause.
    @Test func pausedSourceIsSkippedAtItsCursor() async throws {
        try await StoreFixture.with { fixture in
            for number in 1...4 { try await fixture.ingest(.sample(number, .queued)) }
            let from = "(2, false, ARRAY['\(StoreFixture.a.text)']::uuid[], ARRAY['-infinity']::timestamptz[])"
            #expect(try await fixture.value("SELECT cardinality(switchyard.hold_turn\(from))") == "2")
            try await fixture.run("SELECT switchyard.pause_routing('\(StoreFixture.a.text)', 'test', NULL)")
            #expect(try await fixture.value("SELECT cardinality(switchyard.hold_turn\(from))") == "0")
        }
    }
}
