import FoundationEssentials
import LeadStore
import Testing

/// How gathering statistics tells which transaction wrote a row of the log.
@Suite struct TransactionIdTests {
    /// A row has the lower half of its transaction's id, which begins anew every four billion transactions.
    @Test(
        "An id is told whole, before and after the lower half began anew",
        arguments: [
            ("3", "100", "3"), ("100", "100", "100"), ("5", "4294967301", "4294967301"),
            ("4294967290", "4294967301", "4294967290"), ("4", "8589934600", "8589934596"), ("4294967295", "100", "0"),
        ]
    )
    func whole(part: String, next: String, expected: String) async throws {
        try await Scene.with { scene in
            #expect(try await scene.value("SELECT switchyard.whole_xid('\(part)', '\(next)')") == expected)
        }
    }

    /// Each run asks all rows of the last five minutes, a million and more: a call for each of them cost more than ingest.
    @Test func itIsToldWithoutACall() async throws {
        try await Scene.with { scene in
            let plan = try await scene.run(
                """
                EXPLAIN (VERBOSE) SELECT FROM public.lead_routing_logs g
                WHERE switchyard.whole_xid(g.xmin, pg_snapshot_xmax(pg_current_snapshot())) >= '10'
                """
            )
            .joined()
            .joined(separator: "\n")
            #expect(plan.contains("xmin"))
            #expect(!plan.contains("whole_xid"), "\(plan)")
        }
    }
}
