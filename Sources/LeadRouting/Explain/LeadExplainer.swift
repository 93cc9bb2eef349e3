package import FoundationEssentials
package import LeadStore
import Postgres
package import RoutingRules

/// Explains why a lead is where it is, by repeating its decision from stored data.
package struct LeadExplainer: Sendable {
    private let stores: Stores
    private let duplicates: DuplicateVisibility
    private let names: ReaderNames
    private let timeLimit: Duration

    /// An explainer over a database.
    ///
    /// - Parameters:
    ///   - stores: the stores.
    ///   - timeLimit: how long rules are evaluated; the rest is counted.
    package init(stores: Stores, timeLimit: Duration = WorkLimit.usual) {
        self.stores = stores
        self.timeLimit = timeLimit
        duplicates = DuplicateVisibility(leads: stores.leads)
        names = ReaderNames(names: stores.names)
    }

    /// Explains a decision of a lead.
    ///
    /// Reads the lead, its log and the rule set of that time, and decides again in memory. Some tens of milliseconds
    /// with 10,000 rules. Writes nothing.
    ///
    /// - Parameters:
    ///   - id: the lead.
    ///   - number: which of its decisions, from 1, oldest first; nil for the last one.
    ///   - access: the reader's access.
    /// - Returns: the explanation; nil for a lead that the caller may not see.
    /// - Throws: `StoreError` for a decision that the lead does not have.
    package func explain(_ id: UUID, decision number: Int? = nil, as access: Access) async throws -> LeadExplanation? {
        guard let stored = try await stores.leads.find(id, as: access) else { return nil }
        let record = try await duplicates.redacting([stored], as: access)[0]
        let log = try await names.completing(stores.leads.decisions(id, as: access), as: access)
        let decisions = log.filter { Self.isDecision($0.entry.result) }
        var chosen = decisions.indices.last
        if let number {
            guard decisions.indices.contains(number - 1) else {
                throw StoreError(
                    .invalid,
                    field: "attempt",
                    "The lead has \(decisions.count) decisions.",
                    remedy: "Omit attempt for the last one."
                )
            }
            chosen = number - 1
        }
        let limit = WorkLimit(timeLimit)
        let decision = chosen.map { decisions[$0] }
        let source = record.sourceWorkspaceID ?? decision?.entry.sourceWorkspaceID
        let current = try await stores.ruleSets.load(of: source)
        var (snapshot, cause) = try await ruleSet(of: decision, current, source)
        // A lead that was decided was not paused, whatever the pauses of that version are.
        if decision != nil { snapshot.pauses = RoutingPauses() }
        let state = decision?.metadata.flatMap(RoutingState.init(metadata:))
        let trace = RuleTrace(
            of: record.lead,
            from: source,
            in: snapshot,
            state: state,
            excluding: Self.returned(before: decision, in: log),
            until: limit.isOver
        )
        try Task.checkCancellation()
        if cause == nil, decision != nil, trace.isStateful, state == nil { cause = .stateNotKept }
        let last = log.last.map(\.entry)
        return LeadExplanation(
            leadID: id,
            status: record.status,
            workspaceID: record.workspaceID,
            lead: record.lead,
            attempts: decisions.map { LeadExplanation.Attempt($0.entry) },
            chosen: chosen,
            since: last.flatMap { Self.isDecision($0.result) ? nil : LeadExplanation.Attempt($0) },
            duplicateLeadID: record.duplicateOf,
            isDuplicate: record.isDuplicate || decision?.entry.result == "duplicate",
            ruleSet: try await facts(snapshot.version, isCurrent: snapshot.version == current.version, access),
            reproduction: record.erasedAt == nil
                ? Self.reproduction(of: decision?.entry, trace.decision, record, cause) : .different(.erased),
            trace: trace,
            workspaceNames: Self.names(snapshot, access.reader),
            viewpoint: Self.viewpoint(of: access, source: source),
            erasedAt: record.erasedAt?.microsecondsSinceUnixEpoch
        )
    }

    /// Whether a log line is about the lead's destination, and not about its place in the queue.
    private static func isDecision(_ result: String) -> Bool {
        switch result {
        case "requeued", "released", "expired", "returned": false
        default: true
        }
    }

    /// The workspaces that had returned the lead before a decision.
    private static func returned(before decision: DecisionRecord?, in log: [DecisionRecord]) -> Set<UUID> {
        guard let decision, let place = log.firstIndex(of: decision) else { return [] }
        return Set(log[..<place].filter { $0.entry.result == "returned" }.compactMap(\.entry.destinationWorkspaceID))
    }

    // MARK: - Stored data

    /// The rule set of a decision; the current one without a decision, or if the old one was not kept.
    private func ruleSet(
        of decision: DecisionRecord?,
        _ current: RuleSetSnapshot,
        _ source: UUID?
    ) async throws -> (RuleSetSnapshot, LeadExplanation.Cause?) {
        guard let decision else { return (current, nil) }
        var cause: LeadExplanation.Cause?
        var version = decision.entry.ruleSetVersion
        if version == nil {
            cause = .decidedElsewhere
            version = try await stores.ruleSets.version(at: decision.entry.createdAt)
        }
        guard let version else { return (current, .versionNotKept) }
        guard version != current.version else { return (current, cause) }
        do {
            return (try await stores.ruleSets.load(asOf: version, of: source), cause)
        } catch let error as StoreError where error.code == .notFound {
            return (current, .versionNotKept)
        }
    }

    private func facts(_ version: Int64, isCurrent: Bool, _ access: Access) async throws -> LeadExplanation.RuleSetFacts
    {
        var facts = LeadExplanation.RuleSetFacts(version: version, isCurrent: isCurrent)
        guard let made = try await stores.ruleSets.version(version, as: access) else { return facts }
        facts.author = made.actor
        facts.action = made.action.rawValue
        facts.madeAt = made.changedAt.microsecondsSinceUnixEpoch
        facts.note = made.note
        return facts
    }

    // MARK: - Result

    private static func reproduction(
        of entry: HistoryEntry?,
        _ decision: RoutingDecision,
        _ record: LeadRecord,
        _ cause: LeadExplanation.Cause?
    ) -> LeadExplanation.Reproduction {
        guard let entry else { return .none }
        if entry.errorMessage != nil {
            // An attempt with an error was not decided, unless the decision was to stop trying.
            return decision.outcome == .retry && ["retry", "failed"].contains(entry.result) ? .same : .none
        }
        let isSame: Bool
        switch (entry.result, decision.outcome) {
        case ("success", .routed(let destination, let rule, _)):
            isSame = destination == entry.destinationWorkspaceID && rule == entry.matchedRuleID
        case ("unmatched", .unmatched): isSame = true
        case ("fallback", .fallback(let destination)): isSame = destination == entry.destinationWorkspaceID
        case ("retry", .retry), ("failed", .retry): isSame = true
        case ("waiting", .waiting(let rule, _)): isSame = entry.matchedRuleID == nil || rule == entry.matchedRuleID
        case ("duplicate", _): return .none
        default: isSame = false
        }
        if isSame { return .same }
        if let cause, cause != .stateNotKept { return .different(cause) }
        let changed = record.updatedAt.map {
            $0.microsecondsSinceUnixEpoch - entry.createdAt.microsecondsSinceUnixEpoch
        }
        // The statement that writes a decision changes the lead at the same moment.
        if let changed, changed > 1_000_000 { return .different(.leadChanged) }
        return .different(cause ?? .unknown)
    }

    // MARK: - Visibility

    private static func viewpoint(of access: Access, source: UUID?) -> LeadExplanation.Viewpoint {
        guard let own = access.workspaceID else { return .everything }
        return own == source ? .sender(own) : .receiver(own)
    }

    /// The names that the reader may see: all for an administrator; for a workspace its own.
    private static func names(_ snapshot: RuleSetSnapshot, _ reader: TextReader) -> [UUID: String] {
        var names: [UUID: String] = [:]
        for workspace in snapshot.workspaces where reader.reads(ownedBy: workspace.id) {
            names[workspace.id] = workspace.name
        }
        return names
    }
}

extension LeadExplanation.Attempt {
    init(_ entry: HistoryEntry) {
        self.init(
            result: entry.result,
            reason: entry.reason,
            error: entry.errorMessage,
            attempt: entry.attempt,
            ruleSetVersion: entry.ruleSetVersion,
            destinationWorkspaceID: entry.destinationWorkspaceID,
            matchedRuleID: entry.matchedRuleID,
            actor: entry.actor,
            at: entry.createdAt.microsecondsSinceUnixEpoch
        )
    }
}
