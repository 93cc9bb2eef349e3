import Postgres
import RoutingRules

extension IntakeStore {
    /// Stores a batch whose decisions ask for nothing but room under caps, without holding the caps' numbers meanwhile.
    ///
    /// Every lead that goes to one capped workspace counts in the same rows. Held from the decision to the commit, they
    /// let one batch at a time through. But as long as there is room, how much there is makes no difference to a
    /// decision: so the numbers are looked at without a lock, the batch is decided and written, and the very last thing
    /// before its commit is to lock them and to add to them, provided that they still have room for all of it in the
    /// same windows. If they have not, the statement fails as a whole, and nothing of the batch was written. Whoever
    /// gives out the last place of a cap holds it; one that was full before is not waited for.
    ///
    /// One look and one statement. What the log keeps as seen is what the look saw.
    ///
    /// - Parameters:
    ///   - request: what the decisions may look at: caps, and times.
    ///   - version: the rule-set version they are made under.
    ///   - isRepeat: whether some of the leads may be stored already.
    ///   - decide: decides all leads of the batch, in order.
    /// - Returns: the leads as they were decided, and what the database made of them; nil if nothing was written,
    ///   because it would use a cap up, a window has to begin, or another transaction holds the numbers for long: then
    ///   they have to be held while the batch is decided.
    /// - Throws: what the database says.
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

    /// No room, by the function's own code; a wait for the numbers that was given up, or would never have ended: a
    /// batch that holds them may wait for an identity that this one has claimed.
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

/// What the leads of a batch count in: each number once, and by place which lead counts in which.
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
