import Postgres
import RoutingRules

extension IntakeStore {
    /// Stores a batch whose decisions depend only on whether caps have capacity, without locking the caps' counters
    /// while it decides.
    ///
    /// All leads to one capped workspace are counted in the same rows. If these were locked from the decision to the
    /// commit, one batch at a time could proceed. But as long as a cap has capacity, the exact number does not change a
    /// decision. So the counters are read without a lock, the batch is decided and written, and only at the end, just
    /// before its commit, the counters are locked and increased, provided that they still have capacity for the batch
    /// in the same windows. Otherwise the statement fails as a whole, and nothing is written. A batch that takes the
    /// last place of a cap locks it; a cap that was full before is not waited for.
    ///
    /// One read and one statement. The log stores the state of the read.
    ///
    /// - Parameters:
    ///   - request: the state that the decisions may read: caps and times.
    ///   - version: the rule-set version of the decisions.
    ///   - isRepeat: whether some of the leads may be stored already.
    ///   - decide: decides all leads of the batch, in order.
    /// - Returns: the leads as decided, and the result; nil if nothing was written, because a cap would be used up, a
    ///   window must begin, or another transaction holds the counters for long: then they must be locked while the
    ///   batch is decided.
    /// - Throws: `PostgresError`, if the database fails.
    func ingestWithinCaps(
        _ request: RoutingStateRequest,
        version: Int64?,
        isRepeat: Bool,
        decide: @Sendable (inout RoutingState) -> [DecidedLead]
    ) async throws -> (batch: [DecidedLead], result: IngestResult)? {
        let seen = try await CapacityStore(session).peek(request)
        var state = seen
        let batch = decide(&state)
        guard state.hasUsedUpNothing(of: request, since: seen) else { return nil }
        let isKeyed = batch.contains { $0.prepared.idempotency != nil }
        var parameters = Self.parameters(
            batch,
            version: version,
            isRepeat: isRepeat,
            isKeyed: isKeyed,
            hasMore: true
        )
        CapCharges(batch, request).append(to: &parameters)
        parameters.append("looks", .bool(duplicates.shouldLook))
        do {
            let statement = isKeyed ? Self.ingestKeyedWithinCaps : Self.ingestWithinCaps
            let result = try IngestResult(await session.pool.query(statement, parameters))
            if !isRepeat { duplicates.note(result) }
            return (batch, result)
        } catch let error as PostgresError where error.sqlState.map(Self.nothingWritten.contains) == true {
            return nil
        }
    }

    /// Not enough capacity, by the function's own code; or a lock timeout or deadlock: a batch that holds the counters
    /// may wait for an identity that this one has claimed.
    private static let nothingWritten: Set<String> = ["SWCAP", "55P03", "40P01"]

    private static let charges = """
        :scopes, :owners, :members, :periods, :limits, :windows, :charged_leads, :charged_places
        """
    static let ingestWithinCaps = Statement(
        "ingest_within_caps",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.ingest_within_caps(NULL, NULL, \(decided), \(uses), \(charges), p_look => :looks)
        """
    )
    static let ingestKeyedWithinCaps = Statement(
        "ingest_keyed_within_caps",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.ingest_within_caps(:keys, :requests, \(decided), \(uses), \(charges), p_look => :looks)
        """
    )
}

/// The counters of a batch: each once, and which lead is counted in which.
private struct CapCharges {
    private var keys: [StateKey] = []
    private var limits: [Int64] = []
    private var windows: [Int64] = []
    private var leads: [Int32] = []
    private var places: [Int32] = []

    init(_ batch: [DecidedLead], _ request: RoutingStateRequest) {
        var known: [StateKey: Int32] = [:]
        var limit: [StateKey: Int64] = [:]
        for key in request.keys { limit[key.key] = key.limit }
        for (number, item) in batch.enumerated() {
            for charge in item.assignment.use?.charges ?? [] {
                let place =
                    known[charge.key]
                    ?? {
                        keys.append(charge.key)
                        limits.append(limit[charge.key] ?? 0)
                        windows.append(charge.windowStart)
                        return Int32(clamping: keys.count)
                    }()
                known[charge.key] = place
                leads.append(Int32(clamping: number + 1))
                places.append(place)
            }
        }
    }

    func append(to parameters: inout Parameters) {
        parameters.append("scopes", .int16s(keys.map(\.scope.rawValue)))
        parameters.append("owners", .uuids(keys.map(\.owner)))
        parameters.append("members", .uuids(keys.map(\.member)))
        parameters.append("periods", .int16s(keys.map(\.storedPeriod)))
        parameters.append("limits", .int64s(limits))
        parameters.append("windows", .int64s(windows))
        parameters.append("charged_leads", .int32s(leads))
        parameters.append("charged_places", .int32s(places))
    }
}
