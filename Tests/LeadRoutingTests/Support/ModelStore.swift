import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules

/// An in-memory store of leads and claims, with configured failures.
actor ModelStore: LeadIngesting {
    /// The results of the next statements, in order; later ones succeed.
    enum Event {
        case stale
        case fail(PostgresError)
        /// Written, and then the connection is lost.
        case writeAndLose
        /// Nothing is written for the first lead.
        case again
    }

    private(set) var stored: [UUID: RoutingOutcome] = [:]
    private(set) var order: [UUID] = []
    private(set) var batches: [(count: Int, version: Int64?, isRepeat: Bool)] = []
    private var claims: [[UInt8]: UUID] = [:]
    private var events: [Event]
    private let poison: String?
    private let isBusy: Bool
    private var gate: [CheckedContinuation<Void, Never>]?

    /// - Parameters:
    ///   - events: the results of the first statements.
    ///   - poison: an email address that the store refuses.
    ///   - isBusy: statements take a random number of turns.
    init(_ events: [Event] = [], poison: String? = nil, isBusy: Bool = false) {
        self.events = events
        self.poison = poison
        self.isBusy = isBusy
    }

    /// Blocks statements until ``open()``.
    func close() { gate = [] }

    func open() {
        let waiting = gate ?? []
        gate = nil
        for waiter in waiting { waiter.resume() }
    }

    /// How many statements wait at the gate.
    var waiting: Int { gate?.count ?? 0 }

    func ingest(_ batch: [DecidedLead], version: Int64?, isRepeat: Bool) async throws -> IngestResult {
        if gate != nil { await withCheckedContinuation { gate?.append($0) } }
        if isBusy { for _ in 0..<Int.random(in: 0...20) { await Task.yield() } }
        batches.append((batch.count, version, isRepeat))
        let event = events.isEmpty ? nil : events.removeFirst()
        switch event {
        case .stale: return .stale
        case .fail(let error): throw error
        default: break
        }
        if let poison, batch.contains(where: { $0.prepared.lead.email == poison }) {
            throw PostgresError(.server, sqlState: "22P02", "A value does not have the format of its type.")
        }
        var exceptions: [IngestException] = []
        for (index, item) in batch.enumerated() {
            if case .again? = event, index == 0 {
                exceptions.append(.init(index: index, outcome: .again))
                continue
            }
            if isRepeat, stored[item.prepared.id] != nil {
                exceptions.append(.init(index: index, outcome: .exists))
                continue
            }
            if let exception = write(item) { exceptions.append(.init(index: index, outcome: exception)) }
        }
        if case .writeAndLose? = event { throw PostgresError(.connectionLost, "The connection was lost.") }
        return .written(exceptions: exceptions)
    }

    func ingest(
        holding request: RoutingStateRequest,
        version: Int64?,
        isRepeat: Bool,
        decide: @Sendable (inout RoutingState) -> [DecidedLead]
    ) async throws -> (batch: [DecidedLead], result: IngestResult) {
        var state = RoutingState()
        let batch = decide(&state)
        return (batch, try await ingest(batch, version: version, isRepeat: isRepeat))
    }

    private func write(_ item: DecidedLead) -> IngestException.Outcome? {
        let digests = item.prepared.identities.claims.map(\.digest)
        let holder = digests.lazy.compactMap { self.claims[$0] }.first
        if holder == nil { for digest in digests { claims[digest] = item.prepared.id } }
        stored[item.prepared.id] = RoutingOutcome(
            leadID: item.prepared.id,
            status: .routed,
            destinationWorkspaceID: item.assignment.destination,
            reason: "stored",
            isDuplicate: holder != nil,
            duplicateLeadID: holder
        )
        order.append(item.prepared.id)
        return holder.map { .duplicate(of: $0) }
    }

    func firstOutcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome] { try await outcomes(of: ids) }

    func outcomes(of ids: [UUID]) async throws -> [UUID: RoutingOutcome] {
        stored.filter { ids.contains($0.key) }
    }
}
