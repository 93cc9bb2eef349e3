package import FoundationEssentials
import Postgres
package import RoutingRules

/// The counters, turns and clocks that decisions depend on: read, locked, written.
package struct CapacityStore: Sendable {
    /// The connections, and on whose behalf edits are recorded.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// What decisions would look at now, without holding it: others may change it at any time.
    ///
    /// One statement; nothing is written.
    package func peek(_ request: RoutingStateRequest) async throws -> RoutingState {
        let order = StateOrder(request)
        return try order.state(await session.pool.query(Self.holdState, order.parameters(isLocking: false)))
    }

    /// Where the leads of companies and domains went under some rules, of more than 200,000 those that changed last.
    package func stickyDestinations(of rules: [UUID]) async throws -> [RoutingStateRequest.Sticky: UUID] {
        guard !rules.isEmpty else { return [:] }
        var parameters = Parameters()
        parameters.append(array: rules.map(Optional.some))
        var sticky: [RoutingStateRequest.Sticky: UUID] = [:]
        for row in try await session.pool.query(Self.allSticky, parameters) {
            sticky[.init(rule: try row.uuid(0), key: try row.bytes(1))] = try row.uuid(2)
        }
        return sticky
    }

    private static let allSticky = Statement(
        "sticky_destinations",
        """
        SELECT s.rule_id, s.key, s.workspace_id FROM switchyard.sticky_destinations s WHERE s.rule_id = ANY ($1)
        ORDER BY s.updated_at DESC LIMIT 200000
        """
    )

    /// Holds what the decisions of a batch may look at, until the transaction ends.
    ///
    /// One round trip, and the wait for whoever holds any of it.
    static func hold(_ request: RoutingStateRequest, on connection: PostgresConnection) async throws -> RoutingState {
        let order = StateOrder(request)
        return try order.state(await connection.query(holdState, order.parameters(isLocking: true)))
    }

    /// Writes what decisions have taken, in the transaction that holds it.
    ///
    /// What cancels out is not written; without anything no statement is sent.
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
        var parameters = Parameters()
        parameters.append(array: changes.map { Optional($0.key.scope.rawValue) })
        parameters.append(array: changes.map { Optional($0.key.owner) })
        parameters.append(array: changes.map { Optional($0.key.member) })
        parameters.append(array: changes.map { Optional($0.key.storedPeriod) })
        parameters.append(array: changes.map { Optional($0.value) })
        parameters.append(array: notes.map { Optional($0.key.rule) })
        parameters.append(array: notes.map { Optional($0.key.key) })
        parameters.append(array: notes.map { Optional($0.value) })
        _ = try await connection.query(takeState, parameters)
    }

    private static let holdState = Statement(
        "hold_routing_state",
        """
        SELECT kind, place, amount, window_start, id
        FROM switchyard.hold_routing_state($1, $2, $3, $4, $5, $6, $7, $8, $9, p_lock => $10)
        """
    )
    private static let takeState = Statement(
        "take_routing_state",
        "SELECT switchyard.take_routing_state($1, $2, $3, $4, $5, $6, $7, $8)::text"
    )
}

/// A request in an order, so that answers can name places.
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
        var parameters = Parameters()
        parameters.append(array: keys.map { Optional($0.key.scope.rawValue) })
        parameters.append(array: keys.map { Optional($0.key.owner) })
        parameters.append(array: keys.map { Optional($0.key.member) })
        parameters.append(array: keys.map { Optional($0.key.storedPeriod) })
        parameters.append(array: keys.map { Optional($0.timeZone) })
        parameters.append(array: clocks.map { Optional($0.zone) })
        parameters.append(array: sticky.map { Optional($0.rule) })
        parameters.append(array: sticky.map { Optional($0.key) })
        parameters.append(array: waiting.map(Optional.some))
        parameters.append(isLocking)
        return parameters
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
