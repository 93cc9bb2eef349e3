package import FoundationEssentials
import Postgres
package import RoutingRules

/// The result of writing a batch of new leads.
package enum IngestResult: Sendable, Hashable {
    /// The rules have changed since the batch was decided; nothing was written.
    case stale
    /// Written as decided, except for these.
    case written(exceptions: [IngestException])
}

/// A lead of a batch that was not written as decided.
package struct IngestException: Sendable, Hashable {
    /// The actual result.
    package enum Outcome: Sendable, Hashable {
        /// The same lead was sent before; it was written as routed to its own source workspace.
        case duplicate(of: UUID?)
        /// Nothing was written for it; it must be decided again.
        case again
        /// An earlier attempt of the same batch had already stored it; nothing was written now.
        case exists
        /// A waiting lead has used up its attempts.
        case failed
        /// The same request was processed before, with this lead as its result; nothing was written now.
        case repeated(UUID)
        /// Another request has used the idempotency key; nothing was written.
        case keyMismatch
        /// The destination of a waiting lead no longer exists; the lead still waits.
        case destinationGone
    }

    /// Its place in the batch, from 0.
    package let index: Int
    /// The actual result.
    package let outcome: Outcome

    /// An exception at a place in the batch.
    package init(index: Int, outcome: Outcome) {
        self.index = index
        self.outcome = outcome
    }
}

/// Writes batches of decided new leads: leads, claims, attributions and log rows in one statement.
package struct IntakeStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession
    /// Whether recent batches of this node had duplicates.
    let duplicates: RecentDuplicates

    /// A store over a session.
    package init(_ session: StoreSession, duplicates: RecentDuplicates) {
        self.session = session
        self.duplicates = duplicates
    }

    /// Stores a batch of decided leads, each in its final state, with claims, attributions and log rows.
    ///
    /// One statement and its own transaction: when this returns, everything it reports is committed. If it throws
    /// `connectionLost`, the result is unknown, and the same leads may be passed again with `isRepeat`.
    ///
    /// - Parameters:
    ///   - batch: the leads; no two with a common identity.
    ///   - version: the rule-set version of the decisions; nil if none was decided (`queued`).
    ///   - isRepeat: whether some of them may already be stored, by an earlier attempt with an unknown outcome.
    /// - Returns: the leads that were not written as decided; or that the rules have changed and nothing was written.
    /// - Throws: `PostgresError`, if the database fails; then nothing is written, unless the connection was lost.
    package func ingest(_ batch: [DecidedLead], version: Int64?, isRepeat: Bool) async throws -> IngestResult {
        let (statement, parameters) = ingesting(batch, version: version, isRepeat: isRepeat)
        let result = try IngestResult(await session.pool.query(statement, parameters))
        if !isRepeat { duplicates.note(result) }
        return result
    }

    /// ``ingest(_:version:isRepeat:)`` for leads whose decisions depend on more than the rules.
    ///
    /// If the decisions depend only on whether caps have capacity, and there is enough, it is one read and one
    /// statement, and the counters are locked only for the commit: `ingestWithinCaps(_:version:isRepeat:decide:)`.
    /// Otherwise it is one transaction of four round trips: it locks the state that the decisions read, decides, writes
    /// the leads, and then writes what they have taken. A lead that was not written as decided takes nothing.
    ///
    /// - Parameters:
    ///   - request: the state that the decisions may read.
    ///   - version: the rule-set version of the decisions.
    ///   - isRepeat: whether some of the leads may be stored already.
    ///   - decide: decides all leads of the batch, in order. It may be called twice, and while rows are locked, so it
    ///     must not wait.
    /// - Returns: the leads as decided, and the result.
    /// - Throws: `PostgresError`, if the database fails.
    package func ingest(
        holding request: RoutingStateRequest,
        version: Int64?,
        isRepeat: Bool,
        decide: @Sendable (inout RoutingState) -> [DecidedLead]
    ) async throws -> (batch: [DecidedLead], result: IngestResult) {
        if request.asksOnlyForRoom,
            let written = try await ingestWithinCaps(request, version: version, isRepeat: isRepeat, decide: decide)
        {
            return written
        }
        return try await session.pool.withTransaction { connection in
            var state = try await CapacityStore.hold(request, on: connection)
            let batch = decide(&state)
            let (statement, parameters) = ingesting(batch, version: version, isRepeat: isRepeat)
            let result = try IngestResult(await connection.query(statement, parameters))
            if !isRepeat { duplicates.note(result) }
            guard case .written(let exceptions) = result else { return (batch, result) }
            let exceptional = Set(exceptions.map(\.index))
            let uses = batch.enumerated().lazy.filter { !exceptional.contains($0.offset) }
                .compactMap(\.element.assignment.use)
            try await CapacityStore.take(uses, on: connection)
            return (batch, result)
        }
    }

    private func ingesting(
        _ batch: [DecidedLead],
        version: Int64?,
        isRepeat: Bool
    ) -> (Statement, Parameters) {
        let isKeyed = batch.contains { $0.prepared.idempotency != nil }
        let hasMore = batch.contains(where: \.assignment.hasMore)
        var parameters = Self.parameters(
            batch,
            version: version,
            isRepeat: isRepeat,
            isKeyed: isKeyed,
            hasMore: hasMore
        )
        parameters.append("looks", .bool(duplicates.shouldLook))
        return switch (isKeyed, hasMore) {
        case (false, false): (Self.ingestLeads, parameters)
        case (true, false): (Self.ingestKeyedLeads, parameters)
        case (false, true): (Self.ingestUses, parameters)
        case (true, true): (Self.ingestKeyedUses, parameters)
        }
    }

    /// The batch as parameters of the ingesting functions, each kind of value in its own array.
    ///
    /// The keys of requests come first (`isKeyed`); assignees, rules for which leads wait, and the state that was read
    /// come last (`hasMore`).
    static func parameters(
        _ batch: [DecidedLead],
        version: Int64?,
        isRepeat: Bool,
        isKeyed: Bool,
        hasMore: Bool
    ) -> Parameters {
        var parameters = Parameters()
        parameters.reserveCapacity(bytes: 512 + batch.count * 896, fields: 36)
        let places = batch.indices
        if isKeyed {
            parameters.append("keys", bytes: places) { batch[$0].prepared.idempotency?.key }
            parameters.append("requests", bytes: places) { batch[$0].prepared.idempotency?.request }
        }
        parameters.append("version", .int64(version))
        parameters.append("leads", uuids: places) { batch[$0].prepared.id }
        parameters.append("sources", uuids: places) { batch[$0].prepared.source }
        parameters.append("destinations", uuids: places) {
            batch[$0].assignment.destination ?? batch[$0].prepared.source
        }
        parameters.append("rules", uuids: places) { batch[$0].assignment.rule }
        parameters.append("results", texts: places) { batch[$0].assignment.result.rawValue }
        parameters.append("reasons", texts: places) { batch[$0].assignment.reason.stored }
        parameters.append("emails", texts: places) { batch[$0].prepared.lead.email }
        parameters.append("phones", texts: places) { batch[$0].prepared.lead.phone }
        parameters.append("first_names", texts: places) { batch[$0].prepared.lead.firstName }
        parameters.append("last_names", texts: places) { batch[$0].prepared.lead.lastName }
        parameters.append("company_names", texts: places) { batch[$0].prepared.lead.companyName }
        parameters.append("industries", texts: places) { batch[$0].prepared.lead.industry }
        parameters.append("company_sizes", texts: places) { batch[$0].prepared.lead.companySize }
        parameters.append("revenues", texts: places) { batch[$0].prepared.lead.revenue }
        parameters.append("locations", texts: places) { batch[$0].prepared.locationJSON }
        parameters.append("lead_sources", texts: places) { batch[$0].prepared.lead.source }
        parameters.append("source_ids", texts: places) { batch[$0].prepared.lead.sourceID }
        parameters.append("metadata", texts: places) { batch[$0].prepared.lead.metadata }
        parameters.append("hashes", hexadecimal: places) { batch[$0].prepared.identities.claims.first?.digest }
        parameters.append("claims", bytes: places) { batch[$0].prepared.identities.claims.first?.digest }
        parameters.append("second_claims", bytes: places) {
            batch[$0].prepared.identities.claims.dropFirst().first?.digest
        }
        parameters.append("is_repeat", .bool(isRepeat))
        guard hasMore else { return parameters }
        parameters.append("assignees", uuids: places) { batch[$0].assignment.assignee }
        parameters.append("waiting_rules", uuids: places) { batch[$0].assignment.waitingFor }
        parameters.append("uses", texts: places) { batch[$0].assignment.use?.metadata }
        return parameters
    }

    /// The parameters of every ingesting function, in its order.
    static let decided = """
        :version, :leads, :sources, :destinations, :rules, :results, :reasons, :emails, :phones, :first_names, :last_names,
            :company_names, :industries, :company_sizes, :revenues, :locations, :lead_sources, :source_ids, :metadata, :hashes,
            :claims, :second_claims, :is_repeat
        """
    /// The additional parameters for decisions that assign people, wait for capacity, or use it.
    static let uses = ":assignees, :waiting_rules, :uses"

    static let ingestLeads = Statement(
        "ingest_leads",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.ingest_decided(\(decided), NULL, NULL, NULL, p_look => :looks)
        """
    )
    static let ingestKeyedLeads = Statement(
        "ingest_keyed_leads",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.ingest_keyed_decided(:keys, :requests, \(decided), NULL, NULL, NULL, p_look => :looks)
        """
    )
    static let ingestUses = Statement(
        "ingest_uses",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.ingest_decided(\(decided), \(uses), p_look => :looks)
        """
    )
    static let ingestKeyedUses = Statement(
        "ingest_keyed_uses",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.ingest_keyed_decided(:keys, :requests, \(decided), \(uses), p_look => :looks)
        """
    )
}

extension IngestResult {
    /// Reads the rows (ordinal from 1, outcome, duplicate_of) of a batch statement.
    init(_ rows: Rows) throws {
        var exceptions: [IngestException] = []
        for row in rows {
            let index = try Int(row.int32(0)) - 1
            switch try row.string(1) {
            case "stale":
                self = .stale
                return
            case "duplicate":
                exceptions.append(.init(index: index, outcome: .duplicate(of: try row.uuidIfPresent(2))))
            case "repeated":
                exceptions.append(.init(index: index, outcome: .repeated(try row.uuid(2))))
            case "mismatch":
                exceptions.append(.init(index: index, outcome: .keyMismatch))
            case "exists":
                exceptions.append(.init(index: index, outcome: .exists))
            case "failed":
                exceptions.append(.init(index: index, outcome: .failed))
            case "pending":
                exceptions.append(.init(index: index, outcome: .destinationGone))
            default:
                exceptions.append(.init(index: index, outcome: .again))
            }
        }
        self = .written(exceptions: exceptions)
    }
}
