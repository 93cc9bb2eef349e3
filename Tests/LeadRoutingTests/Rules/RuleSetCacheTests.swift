import LeadRouting
import RoutingRules
import Testing

@Suite struct RuleSetCacheTests {
    @Test func concurrentCallersLoadOnce() async throws {
        let rules = FakeRules()
        let cache = RuleSetCache(source: rules)
        #expect(cache.loaded == nil)
        try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<100 { group.addTask { try await cache.current().version } }
            for try await version in group { #expect(version == 1) }
        }
        #expect(rules.loads == 1)
        _ = try await cache.current()
        #expect(rules.loads == 1)
    }

    @Test func refreshesUntilStaleVersionIsGone() async throws {
        let rules = FakeRules()
        let cache = RuleSetCache(source: rules)
        _ = try await cache.current()
        rules.change(Samples.rules(version: 2))
        try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<50 { group.addTask { try await cache.refresh(replacing: 1).version } }
            for try await version in group { #expect(version == 2) }
        }
        #expect(rules.loads <= 3)
        // The cache was refreshed already: nothing to load.
        let loads = rules.loads
        #expect(try await cache.refresh(replacing: 1).version == 2)
        #expect(rules.loads == loads)
    }

    @Test func unchangedVersionIsNotReloaded() async throws {
        let rules = FakeRules()
        let cache = RuleSetCache(source: rules)
        #expect(try await cache.poll())
        #expect(try await !cache.poll())
        rules.change(Samples.rules(version: 7))
        #expect(try await cache.poll())
        #expect(cache.loaded?.version == 7)
    }

    @Test func failedLoadIsRetried() async throws {
        struct Failing: RuleSource {
            struct Away: Error {}
            func load() async throws -> RuleSetSnapshot { throw Away() }
            func version() async throws -> Int64 { 1 }
        }
        let cache = RuleSetCache(source: Failing())
        for _ in 0..<2 { await #expect(throws: Failing.Away.self) { try await cache.current() } }
    }
}
