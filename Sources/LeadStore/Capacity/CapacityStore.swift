package import FoundationEssentials
import Postgres
package import RoutingRules

/// The counters, turns and clocks that decisions depend on.
package struct CapacityStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// The state that decisions would read now, without locking it: other transactions may change it at any time.
    ///
    /// One statement; nothing is written.
    package func peek(_ request: RoutingStateRequest) async throws -> RoutingState {
        let order = StateOrder(request)
        return try order.state(await session.pool.query(Self.holdState, order.parameters(isLocking: false)))
    }

    /// The destinations of companies and domains under some rules; of more than 200,000 the latest ones.
    package func stickyDestinations(of rules: [UUID]) async throws -> [RoutingStateRequest.Sticky: UUID] {
        guard !rules.isEmpty else { return [:] }
        var sticky: [RoutingStateRequest.Sticky: UUID] = [:]
        for row in try await session.pool.query(Self.allSticky, ["rules": .uuids(rules)]) {
            sticky[.init(rule: try row.uuid(0), key: try row.bytes(1))] = try row.uuid(2)
        }
        return sticky
    }

    static let allSticky = Statement(
        "sticky_destinations",
        """
        SELECT s.rule_id, s.key, s.workspace_id FROM switchyard.sticky_destinations s WHERE s.rule_id = ANY (:rules)
        ORDER BY s.updated_at DESC LIMIT 200000
        """
    )

    /// Locks the state that the decisions of a batch may read, until the transaction ends.
    ///
    /// One round trip, and the wait for transactions that have locked any of it.
    static func hold(_ request: RoutingStateRequest, on connection: PostgresConnection) async throws -> RoutingState {
        let order = StateOrder(request)
        return try order.state(await connection.query(holdState, order.parameters(isLocking: true)))
    }

    /// Writes what decisions have taken, in the transaction that has locked it.
    ///
    /// Changes that cancel out are not written; if nothing is left, no statement is sent.
    static func take(_ uses: some Sequence<StateUse>, on connection: PostgresConnection) async throws {
        var sums: [StateKey: Int64] = [:]
        var sticky: [RoutingStateRequest.Sticky: UUID] = [:]
        for use in uses {
            for charge in use.charges { sums[charge.key, default: 0] += charge.amount }
            if let note = use.sticky { sticky[note.key] = note.workspace }
        }
        let changes = sums.filter { $0.value != 0 }.map { $0 }
        guard !changes.isEmpty || !sticky.isEmpty else { return }
        let notes = sticky.map { $0 }
        let parameters: Parameters = [
            "scopes": .int16s(changes.map(\.key.scope.rawValue)),
            "owners": .uuids(changes.map(\.key.owner)),
            "members": .uuids(changes.map(\.key.member)),
            "periods": .int16s(changes.map(\.key.storedPeriod)),
            "amounts": .int64s(changes.map(\.value)),
            "sticky_rules": .uuids(notes.map(\.key.rule)),
            "sticky_keys": .byteStrings(notes.map(\.key.key)),
            "sticky_workspaces": .uuids(notes.map(\.value)),
        ]
        _ = try await connection.query(takeState, parameters)
    }

    static let holdState = Statement(
        "hold_routing_state",
        """
        SELECT kind, place, amount, window_start, id
        FROM switchyard.hold_routing_state(:scopes, :owners, :members, :periods, :time_zones, :clock_zones, :sticky_rules, :sticky_keys, :waiting_rules, p_lock => :locks)
        """
    )
    static let takeState = Statement(
        "take_routing_state",
        "SELECT switchyard.take_routing_state(:scopes, :owners, :members, :periods, :amounts, :sticky_rules, :sticky_keys, :sticky_workspaces)::text"
    )
}

/// A request in a fixed order, so that results can refer to places.
private struct StateOrder {
    let keys: [StateRequestKey]
    let clocks: [(workspace: UUID, zone: String)]
    let sticky: [RoutingStateRequest.Sticky]
    let waiting: [UUID]

    init(_ request: RoutingStateRequest) {
        keys = Array(request.keys)
        clocks = request.clocks.map { ($0.key, $0.value) }
        sticky = Array(request.sticky)
        waiting = Array(request.waiting)
    }

    func parameters(isLocking: Bool) -> Parameters {
        [
            "scopes": .int16s(keys.map(\.key.scope.rawValue)),
            "owners": .uuids(keys.map(\.key.owner)),
            "members": .uuids(keys.map(\.key.member)),
            "periods": .int16s(keys.map(\.key.storedPeriod)),
            "time_zones": .texts(keys.map(\.timeZone)),
            "clock_zones": .texts(clocks.map(\.zone)),
            "sticky_rules": .uuids(sticky.map(\.rule)),
            "sticky_keys": .byteStrings(sticky.map(\.key)),
            "waiting_rules": .uuids(waiting),
            "locks": .bool(isLocking),
        ]
    }

    func state(_ rows: Rows) throws -> RoutingState {
        var state = RoutingState()
        for row in rows {
            let place = try Int(row.int32(1)) - 1
            switch try row.int32(0) {
            case 0: state.now = try row.int64(2)
            case 1: state.amounts[keys[place].key] = .init(try row.int64(2), windowStart: try row.int64(3))
            case 2: state.clocks[clocks[place].workspace] = LocalTime(minutesSinceEpoch: try row.int64(2))
            case 3: state.sticky[sticky[place]] = try row.uuid(4)
            default: state.waiting.insert(waiting[place])
            }
        }
        return state
    }
}
