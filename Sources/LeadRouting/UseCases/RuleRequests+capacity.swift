import LeadStore
import Postgres
package import RoutingRules

/// How full the caps of rules and destinations are, and which destinations are closed.
package struct RoutingCapacity: Sendable {
    /// Each cap, and when its window ends, in microseconds since 1970; nil for a cap in all.
    package let lines: [(line: CapacityLine, end: Int64?)]
    /// The destinations that are closed now; when each opens by its own clock, if it does within 400 days.
    package let closed: [(name: String, opensAt: LocalTime?)]

    /// The caps that take no more leads until their windows end.
    package var full: [(line: CapacityLine, end: Int64?)] { lines.filter(\.line.isFull) }

    /// Reads it, without a lock.
    static func read(_ stores: Stores) async throws -> RoutingCapacity {
        let rules = CompiledRuleSet(try await stores.ruleSets.load())
        let request = rules.everyRequest()
        let state = request.isEmpty ? RoutingState() : try await stores.capacity.peek(request)
        let lines = rules.capacity(in: state)
        let ends = try await stores.capacity.windowEnds(lines)
        return RoutingCapacity(lines: Array(zip(lines, ends)), closed: rules.closed(in: state))
    }
}

extension RuleRequests {
    /// How full the caps of all rules and destinations are; no lock is taken and no counter changes.
    ///
    /// - Parameter caller: an administrator, since it names the destinations of every workspace; `rules:read`.
    /// - Returns: the caps, and the closed destinations.
    /// - Throws: ``RequestError``.
    package func capacity(as caller: Caller) async throws -> RoutingCapacity {
        try caller.requireAdministrator(.rulesRead)
        return try await mappingErrors { try await RoutingCapacity.read(stores) }
    }
}
