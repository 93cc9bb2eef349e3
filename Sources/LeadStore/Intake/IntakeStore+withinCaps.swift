import Postgres
import RoutingRules

extension IntakeStore {
    /// Stores a batch whose decisions ask for nothing but room under caps, without holding the caps' numbers meanwhile.
    ///
    /// Every lead that goes to one capped workspace counts in the same rows. Held from the decision to the commit, they let
    /// one batch at a time through. But as long as there is room, how much there is makes no difference to a decision: so
    /// the numbers are looked at without a lock, the batch is decided and written, and the very last thing before its commit
    /// is to lock them and to add to them, provided that they still have room for all of it in the same windows. If they
    /// have not, the statement fails as a whole, and nothing of the batch was written. Whoever gives out the last place of a
    /// cap holds it; one that was full before is not waited for.
    ///
    /// One look and one statement. What the log keeps as seen is what the look saw.
    ///
    /// - Parameters:
    ///   - request: what the decisions may look at: caps, and times.
    ///   - version: the rule-set version they are made under.
    ///   - isRepeat: whether some of the leads may be stored already.
    ///   - decide: decides all leads of the batch, in order.
    /// - Returns: the leads as they were decided, and what the database made of them; nil if nothing was written, because
    ///   it would use a cap up, a window has to begin, or somebody holds the numbers for long: then they have to be held while
    ///   the batch is decided.
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
        parameters.append(duplicates.shouldLook)
        do {
            let statement = isKeyed ? Self.ingestKeyedWithinCaps : Self.ingestWithinCaps
            let result = try IngestResult(await session.pool.query(statement, parameters))
            if !isRepeat { duplicates.note(result) }
            return (batch, result)
        } catch let error as PostgresError where error.sqlState.map(Self.nothingWritten.contains) == true {
            return nil
        }
    }

    /// No room, by the function's own code; a wait for the numbers that was given up, or would never have ended: a batch that
    /// holds them may wait for an identity that this one has claimed.
    private static let nothingWritten: Set<String> = ["SWCAP", "55P03", "40P01"]

    private static let ingestWithinCaps = Statement(
        "ingest_within_caps",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.ingest_within_caps(NULL, NULL, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, p_look => $35)
        """
    )
    private static let ingestKeyedWithinCaps = Statement(
        "ingest_keyed_within_caps",
        """
        SELECT ordinal, outcome, duplicate_of
        FROM switchyard.ingest_within_caps($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
            $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, p_look => $37)
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
        parameters.append(array: keys.map { Optional($0.scope.rawValue) })
        parameters.append(array: keys.map { Optional($0.owner) })
        parameters.append(array: keys.map { Optional($0.member) })
        parameters.append(array: keys.map { Optional($0.storedPeriod) })
        parameters.append(array: limits.map(Optional.some))
        parameters.append(array: windows.map(Optional.some))
        parameters.append(array: leads.map(Optional.some))
        parameters.append(array: places.map(Optional.some))
    }
}
