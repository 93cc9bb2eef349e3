import FoundationEssentials
import LeadStore
import Postgres
package import RoutingRules
import Synchronization

/// Where rules come from: the database, or a test.
package protocol RuleSource: Sendable {
    /// All rules, as they stood at one moment.
    func load() async throws -> RuleSetSnapshot
    /// The number that grows with every change.
    func version() async throws -> Int64
}

extension RuleSetStore: RuleSource {}

/// The compiled rules of this node, as new as the last look at the database.
///
/// Decisions never wait for it while nothing changes: `current()` answers from memory. However many decisions find
/// out at the same moment that the rules have changed, they are loaded once.
package final class RuleSetCache: Sendable {
    private struct State {
        var rules: CompiledRuleSet?
        var loading: Task<CompiledRuleSet, any Error>?
    }

    private enum Found {
        case ready(CompiledRuleSet)
        case loading(Task<CompiledRuleSet, any Error>)
    }

    private let source: any RuleSource
    private let state = Mutex(State())
    /// From how many rules on loading them leaves megabytes of garbage.
    private static let many = 5000

    /// A cache that is empty until it is asked.
    package init(source: any RuleSource) {
        self.source = source
    }

    /// The loaded rules; loaded now if there are none yet.
    package func current() async throws -> CompiledRuleSet {
        try await load { _ in true }
    }

    /// The loaded rules, without waiting; nil before they were first loaded.
    package var loaded: CompiledRuleSet? {
        state.withLock { $0.rules }
    }

    /// Whether the loaded rules know a workspace; false before they were first loaded.
    func knows(_ workspace: UUID) -> Bool {
        state.withLock { $0.rules?.knows(workspace: workspace) ?? false }
    }

    /// Rules of another version than the one that turned out to be stale.
    ///
    /// A load that was under way may have begun before the change, so one more may follow it.
    package func refresh(replacing stale: Int64) async throws -> CompiledRuleSet {
        for _ in 0..<2 {
            let rules = try await load { $0.version != stale }
            if rules.version != stale { return rules }
        }
        return try await load { $0.version != stale }
    }

    /// Asks for the version, one row, and loads the rules if it is not the loaded one.
    ///
    /// - Returns: whether they were loaded.
    @discardableResult
    package func poll() async throws -> Bool {
        let version = try await source.version()
        guard state.withLock({ $0.rules?.version }) != version else { return false }
        _ = try await load { $0.version == version }
        return true
    }

    /// Sufficient rules: the loaded ones, those that are being loaded, or new ones.
    ///
    /// Whether the present rules suffice is asked under the lock that says whether others are being loaded: else a caller
    /// that asked just before a load ended would begin another.
    private func load(unless willDo: (CompiledRuleSet) -> Bool) async throws -> CompiledRuleSet {
        let found = state.withLock { state in
            if let rules = state.rules, willDo(rules) { return Found.ready(rules) }
            let loading =
                state.loading ?? Task { [source] in CompiledRuleSet(try await source.load()) }
            state.loading = loading
            return .loading(loading)
        }
        let task: Task<CompiledRuleSet, any Error>
        switch found {
        case .ready(let rules): return rules
        case .loading(let loading): task = loading
        }
        let result = await task.result
        let isMine = state.withLock { state in
            guard state.loading == task else { return false }
            state.loading = nil
            if case .success(let rules) = result { state.rules = rules }
            return true
        }
        let rules = try result.get()
        // Rows, rules and the set of before are garbage now, and more than what is kept.
        if isMine, rules.ruleCount >= Self.many { Task { FreeMemory.releaseToSystem() } }
        return rules
    }
}
