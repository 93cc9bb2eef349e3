import FoundationEssentials
import LeadStore
import Postgres
package import RoutingRules
import Synchronization

/// The source of rules: the database, or a test.
package protocol RuleSource: Sendable {
    /// All rules, at one moment.
    func load() async throws -> RuleSetSnapshot
    /// The version, which every change increases.
    func version() async throws -> Int64
    /// The rules that have changed since a version; nil if more has changed, so that everything has to be loaded.
    func changes(since version: Int64) async throws -> RuleSetChange?
}

extension RuleSource {
    package func changes(since version: Int64) async throws -> RuleSetChange? { nil }
}

extension RuleSetStore: RuleSource {}

/// The compiled rules of this node, as of the last check of the database.
///
/// Decisions do not wait for it while the rules are unchanged: `current()` returns them from memory. If many decisions
/// find at once that the rules have changed, the rules are loaded once.
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
    /// The number of rules from which loading them leaves megabytes of freed memory.
    private static let many = 5000

    /// A cache that is empty until it is used.
    package init(source: any RuleSource) {
        self.source = source
    }

    /// The loaded rules; loads them if there are none yet.
    package func current() async throws -> CompiledRuleSet {
        try await load { _ in true }
    }

    /// The loaded rules, without waiting; nil before the first load.
    package var loaded: CompiledRuleSet? {
        state.withLock { $0.rules }
    }

    /// Whether the loaded rules know a workspace; false before the first load.
    func knows(_ workspace: UUID) -> Bool {
        state.withLock { $0.rules?.knows(workspace: workspace) ?? false }
    }

    /// Rules of another version than a stale one.
    ///
    /// A load in progress may have started before the change, so another may follow it.
    package func refresh(replacing stale: Int64) async throws -> CompiledRuleSet {
        for _ in 0..<2 {
            let rules = try await load { $0.version != stale }
            if rules.version != stale { return rules }
        }
        return try await load { $0.version != stale }
    }

    /// Reads the version, one row, and loads the rules if it has changed.
    ///
    /// - Returns: whether they were loaded.
    @discardableResult
    package func poll() async throws -> Bool {
        let version = try await source.version()
        guard state.withLock({ $0.rules?.version }) != version else { return false }
        _ = try await load { $0.version == version }
        return true
    }

    /// Reads and compiles what has changed since the previous rules, or everything.
    private static func load(
        _ source: any RuleSource,
        after previous: CompiledRuleSet?
    ) async throws -> CompiledRuleSet {
        if let previous, let change = try await source.changes(since: previous.version),
            let rules = previous.changed(by: change)
        {
            return rules
        }
        return CompiledRuleSet(try await source.load())
    }

    /// Returns the loaded rules if they suffice, else those being loaded, else new ones.
    ///
    /// The check runs under the lock that protects the current load: otherwise a caller that checked just before a load
    /// ended would start another.
    private func load(unless willDo: (CompiledRuleSet) -> Bool) async throws -> CompiledRuleSet {
        let found = state.withLock { state in
            if let rules = state.rules, willDo(rules) { return Found.ready(rules) }
            let loading =
                state.loading
                ?? Task { [source, previous = state.rules] in try await Self.load(source, after: previous) }
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
        // The loaded rows and the previous rule set have been freed, and are larger than what is kept.
        if isMine, rules.ruleCount >= Self.many { Task { FreeMemory.releaseToSystem() } }
        return rules
    }
}
