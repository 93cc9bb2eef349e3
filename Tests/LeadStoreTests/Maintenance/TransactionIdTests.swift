import FoundationEssentials
import LeadStore
import Testing

/// How counting statistics finds out which transaction wrote a row of the log.
@Suite struct TransactionIdTests {
    /// A row has the lower half of its transaction's id, which wraps every four billion transactions.
    @Test(
        "Transaction ids are complete before and after wraparound",
        arguments: [
            ("3", "100", "3"), ("100", "100", "100"), ("5", "4294967301", "4294967301"),
            ("4294967290", "4294967301", "4294967290"), ("4", "8589934600", "8589934596"), ("4294967295", "100", "0"),
        ]
    )
    func transactionIDsSurviveWraparound(part: String, next: String, expected: String) async throws {
        try await StoreFixture.with { fixture in
            let id = try await fixture.value("SELECT switchyard.whole_xid('\(part)', '\(next)')")
            #expect(id == expected)
        }
    }

    /// Each run reads all rows of the last five minutes, a million and more: a function call for each of them took
    /// seconds.
    @Test func gatheringCallsNoFunctionPerRow() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .to(StoreFixture.b)), .sample(2, .to(StoreFixture.b)))
            _ = try await fixture.stores.statistics.gather()
            try await fixture.ingest(.sample(3, .to(StoreFixture.b)), .sample(4, .kept))
            let calls = """
                SELECT coalesce(sum(calls), 0) FROM pg_stat_xact_user_functions
                WHERE schemaname = 'switchyard' AND funcname = 'whole_xid'
                """
            let seen = try await fixture.run(
                "SET track_functions = 'all'; SELECT switchyard.gather_statistics(); \(calls)"
            )
            #expect(seen == [["0"]])
        }
    }
}
