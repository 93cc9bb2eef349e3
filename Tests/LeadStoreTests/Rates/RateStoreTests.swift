import FoundationEssentials
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadStore

/// Leases of tokens.
struct RateStoreTests {
    private let subject = RateSubject(.leads, StoreFixture.a)

    private func ask(spent: Int64 = 0, need: Int64 = 0, want: Int64 = 0) -> RateAsk {
        RateAsk(subject, usualLimit: 7, spent: spent, need: need, want: want)
    }

    /// Many nodes at once never hold more than the limit together.
    @Test func concurrentLeasesStayWithinTheLimit() async throws {
        try await StoreFixture.with(connections: 12) { fixture in
            try await fixture.pool.removeGuardIfAsked(
                " AND b.window_start = o_window FOR UPDATE;",
                from: "lease_tokens",
                with: " AND b.window_start = o_window;",
                asked: "rate-bucket-lock"
            )
            try await fixture.stores.quotas.set([.leadsPerDay: 1000], of: StoreFixture.a)
            for round in 1...20 {
                _ = try await fixture.run("DELETE FROM switchyard.rate_leases")
                let tokens = try await withThrowingTaskGroup(of: Int64.self) { group in
                    for _ in 0..<10 {
                        group.addTask {
                            try await fixture.stores.rates.lease([ask(need: 300)], node: UUID(), seconds: 60)[0].tokens
                        }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(tokens == 1000, "round \(round)")
            }
        }
    }

    /// A node that spends and then dies loses its lease to the others when it expires, and keeps what it reported.
    @Test func tokensOfDeadNodeComeBack() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.stores.quotas.set([.leadsPerDay: 100], of: StoreFixture.a)
            let (dead, living) = (UUID(), UUID())
            let first = try await fixture.stores.rates.lease([ask(spent: 10, need: 60)], node: dead, seconds: 60)[0]
            #expect(first.limit == 100 && first.tokens == 60 && first.free == 30)
            #expect(first.left > .zero && first.left <= .seconds(86_400))
            let second = try await fixture.stores.rates.lease([ask(need: 50)], node: living, seconds: 60)[0]
            #expect(second.tokens == 30 && second.free == 0)
            // Ahead of need, a node gets half of what is left.
            let third = try await fixture.stores.rates.lease([ask(want: 90)], node: living, seconds: 60)[0]
            #expect(third.tokens == 15 && third.free == 15)
            _ = try await fixture.run(
                "UPDATE switchyard.rate_leases SET expires_at = now() - interval '1 second' WHERE node = '\(dead.text)'"
            )
            let fourth = try await fixture.stores.rates.lease([ask(spent: 15, need: 90)], node: living, seconds: 60)[0]
            #expect(fourth.tokens == 75 && fourth.free == 0)
            let line = try await fixture.stores.quotas.find(of: StoreFixture.a)?.lines
                .first { $0.quota == .leadsPerDay }
            #expect(line?.use == 25 && line?.limit == 100)
        }
    }

    /// Tokens that were reported as spent, and given back, are free for all nodes again.
    @Test func reportedTokensAreGivenBack() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.stores.quotas.set([.leadsPerDay: 100], of: StoreFixture.a)
            let (one, other) = (UUID(), UUID())
            _ = try await fixture.stores.rates.lease([ask(spent: 60)], node: one, seconds: 60)
            _ = try await fixture.stores.rates.lease([ask(spent: -60)], node: one, seconds: 60)
            let lease = try await fixture.stores.rates.lease([ask(need: 100)], node: other, seconds: 60)[0]
            #expect(lease.tokens == 100)
        }
    }

    /// Buckets of windows that have ended are removed with the next one, and what was spent in them counts no more.
    @Test func endedWindowsAreRemoved() async throws {
        try await StoreFixture.with { fixture in
            let node = UUID()
            var ask = ask(spent: 5, need: 2)
            let lease = try await fixture.stores.rates.lease([ask], node: node, seconds: 60)[0]
            // Without a quota of the workspace or installation, the default of the database applies.
            #expect(lease.limit == 10_000_000)
            for table in ["rate_buckets", "rate_leases"] {
                _ = try await fixture.run(
                    "UPDATE switchyard.\(table) SET window_start = window_start - interval '1 day'"
                )
            }
            ask.window = Timestamp(microsecondsSinceUnixEpoch: lease.window.microsecondsSinceUnixEpoch - 86_400_000_000)
            _ = try await fixture.stores.rates.lease([ask], node: node, seconds: 60)
            #expect(try await fixture.count("switchyard.rate_buckets") == 1)
            #expect(try await fixture.count("switchyard.rate_leases") == 1)
            #expect(try await fixture.value("SELECT spent FROM switchyard.rate_buckets") == "0")
        }
    }

    /// Keys and addresses have their limits too; an address that of the node.
    @Test func limitsComeFromTheQuotas() async throws {
        try await StoreFixture.with { fixture in
            let key = APIKeyToken.random(isTest: false)
            let id = UUID()
            _ = try await fixture.stores.keys.create(
                key,
                NewKey(id: id, workspaceID: StoreFixture.a, name: "key", scopes: [])
            )
            try await fixture.stores.quotas.set([.keyRequestsPerMinute: 11], of: nil)
            try await fixture.stores.quotas.set([.requestsPerMinute: 12], of: StoreFixture.a)
            let asks = [RateSubject(.key, id), RateSubject(.workspace, StoreFixture.a), RateSubject(.address, UUID())]
                .map { RateAsk($0, usualLimit: 13, want: 1) }
            let leases = try await fixture.stores.rates.lease(asks, node: UUID(), seconds: 60)
            #expect(leases.sorted { $0.limit < $1.limit }.map(\.subject.policy) == [.key, .workspace, .address])
            #expect(Set(leases.map(\.limit)) == [11, 12, 13])
            #expect(leases.allSatisfy { $0.tokens == 1 && $0.left <= .seconds(60) })
        }
    }
}
