import FoundationEssentials
import LeadStore
import Postgres
package import RoutingRules
import Synchronization

/// Where rules come from: the database, or a test.
package protocol RuleSource: Sendable {
    /// All rules, as they stood at one moment.
    func loadRuleSet() async throws -> RuleSetSnapshot
    /// The number that grows with every change.
    func ruleSetVersion() async throws -> Int64
}

extension LeadStore: RuleSource {}

/// The compiled rules of this node, as new as the last look at the database.
///
/// Decisions never wait for it while nothing changes: `current()` answers from memory. However many decisions find
/// out at the same moment that the rules have changed, they are loaded once.
package final class RuleSetCache: Sendable {
    private struct State {
        var rules: CompiledRuleSet?
        var loading: Task<CompiledRuleSet, any Error>?
    }

    private let source: any RuleSource
    private let state = Mutex(State())
    /// From how many rules on loading them leaves megabytes of garbage.
    private static let many = 5000

    /// A cache that is empty until it is asked.
    package init(source: any RuleSource) {
        self.source = source
    }

    /// The rules at hand, loaded now if there are none yet.
    package func current() async throws -> CompiledRuleSet {
        if let rules = state.withLock({ $0.rules }) { return rules }
        return try await load()
    }

    /// The rules at hand, without waiting; nil before they were first loaded.
    package var loaded: CompiledRuleSet? {
        state.withLock { $0.rules }
    }

    /// Whether the rules at hand know a workspace; false before they were first loaded.
    func knows(_ workspace: UUID) -> Bool {
        state.withLock { $0.rules?.knows(workspace: workspace) ?? false }
    }

    /// Rules of another version than the one that turned out to be stale.
    ///
    /// A load that was under way may have begun before the change, so one more may follow it.
    package func refresh(replacing stale: Int64) async throws -> CompiledRuleSet {
        for _ in 0..<2 {
            if let rules = state.withLock({ $0.rules }), rules.version != stale { return rules }
            let rules = try await load()
            if rules.version != stale { return rules }
        }
        return try await load()
    }

    /// Asks for the version, one row, and loads the rules if it is not the one at hand.
    ///
    /// - Returns: whether they were loaded.
    @discardableResult
    package func poll() async throws -> Bool {
        let version = try await source.ruleSetVersion()
        guard state.withLock({ $0.rules?.version }) != version else { return false }
        _ = try await load()
        return true
    }

    private func load() async throws -> CompiledRuleSet {
        let task = state.withLock { state in
            if let loading = state.loading { return loading }
            let loading = Task { [source] in CompiledRuleSet(try await source.loadRuleSet()) }
            state.loading = loading
            return loading
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
        if isMine, rules.ruleCount >= Self.many { Task { FreeMemory.giveBack() } }
        return rules
    }
}
