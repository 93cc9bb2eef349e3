import FoundationEssentials
package import LeadStore
import Postgres
package import RoutingRules
import Synchronization

/// Decides past leads under the current rules and under a draft, and writes nothing.
///
/// It uses a whole core: requests run it in the ``AnalysisPool``.
package struct RuleSimulator: Sendable {
    private let stores: Stores
    private let timeLimit: Duration

    /// A simulator over a database.
    ///
    /// - Parameters:
    ///   - stores: the stores.
    ///   - timeLimit: how long a simulation may take.
    package init(stores: Stores, timeLimit: Duration = WorkLimit.usual) {
        self.stores = stores
        self.timeLimit = timeLimit
    }

    /// Why a simulation is not run.
    package enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        /// It exceeded its time limit, after so many leads.
        case tooLong(leads: Int)

        package var description: String {
            switch self {
            case .tooLong(let leads): "The simulation took too long; it had decided \(leads) leads."
            }
        }
    }

    /// Runs a simulation.
    ///
    /// A hundred thousand leads take some seconds; memory does not grow with their number.
    ///
    /// - Parameters:
    ///   - request: the simulation.
    ///   - draftName: the draft's name in the report; nil for a default.
    ///   - access: the caller's access to the stored draft and the workspaces.
    /// - Returns: the report.
    /// - Throws: ``Refusal``; `StoreError` for a missing version or draft, or an invalid CSV file; `InvalidDocument`
    ///   for an invalid rule set; `PostgresError`, if the database fails.
    package func run(
        _ request: SimulationRequest,
        draftName: String? = nil,
        as access: Access = .administrator
    ) async throws -> SimulationReport {
        let clock = ContinuousClock()
        let start = clock.now
        let work = WorkLimit(timeLimit)
        // A workspace's key simulates its own leads, which no rule of others meets.
        let current =
            access == .administrator
            ? try await stores.ruleSets.load() : try await stores.ruleSets.load(of: access.workspaceID)
        let other = try await rules(of: request, current, access)
        var counters = try await stood(request.counters, current, other, access.reader)
        // Invented leads would count the places that another workspace has left.
        let live = current.withoutNumbers(notFor: access.reader, in: counters)
        let draft = other.withoutNumbers(notFor: access.reader, in: counters)
        var report: SimulationReport
        switch request.leads {
        case .these(let leads): report = try await decide(leads, live, draft, counters, work, access.reader)
        case .csv(let bytes):
            let leads = try await self.leads(in: bytes, of: request.owner, access)
            report = try await decide(leads, live, draft, counters, work, access.reader)
        case .days(let days, let limit):
            let now = try await stores.schedule.databaseTime()
            let from = now.microsecondsSinceUnixEpoch - Int64(days) * 86_400_000_000
            let selection = ReplaySelection(
                source: request.owner,
                from: Timestamp(microsecondsSinceUnixEpoch: from),
                before: now,
                limit: limit
            )
            let end = now.microsecondsSinceUnixEpoch
            // With the current counters the leads are replayed from now on.
            let offset = request.counters == .live ? end - from : 0
            // Leads that wait in routing are not among the replayed ones, and would block them.
            counters?.waiting = []
            let simulation = Mutex(
                RuleSimulation(
                    live: live,
                    draft: draft,
                    windows: try await windows(live, draft, (from + offset)...(end + offset)),
                    from: counters,
                    offset: offset,
                    for: access.reader,
                    until: work.isOver
                )
            )
            let isTruncated = try await stores.simulation.replay(selection, seconds: Int(timeLimit.components.seconds))
            { page in
                try simulation.withLock { simulation in
                    simulation.add(page.leads)
                    simulation.skipDuplicates(page.duplicateCount)
                    try Self.check(simulation)
                }
            }
            report = try simulation.withLock { simulation in
                simulation.advance(to: end)
                try Self.check(simulation)
                return simulation.finished()
            }
            report.isTruncated = isTruncated
        }
        report.draftName = draftName ?? request.draft.name
        let duration = clock.now - start
        report.seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        return report
    }

    /// Refuses results that are not complete.
    private static func check(_ simulation: RuleSimulation) throws {
        guard simulation.isStopped else { return }
        try Task.checkCancellation()
        throw Refusal.tooLong(leads: simulation.leadCount)
    }

    /// The current counters and turns, if requested; read without a lock.
    private func stood(
        _ counters: SimulatedCounters,
        _ live: RuleSetSnapshot,
        _ draft: RuleSetSnapshot,
        _ reader: TextReader
    ) async throws -> RoutingState? {
        guard counters == .live else { return nil }
        var request = CompiledRuleSet(live).everyRequest()
        request.formUnion(CompiledRuleSet(draft).everyRequest())
        var state = try await stores.capacity.peek(request)
        state.sticky = try await stores.capacity.stickyDestinations(
            of: (live.rules + draft.rules)
                .filter { $0.isSticky && reader.reads(ownedBy: $0.workspaceID) }
                .map(\.id)
        )
        return state
    }

    /// The windows and clocks that the rules need for a period; no query if they need none.
    private func windows(
        _ live: RuleSetSnapshot,
        _ draft: RuleSetSnapshot,
        _ time: ClosedRange<Int64>
    ) async throws -> SimulatedClock {
        let needs = SimulatedClock.needs(of: live, draft)
        guard !needs.windows.isEmpty || !needs.timeZones.isEmpty else { return SimulatedClock() }
        return try await stores.simulation.calendar(
            windows: needs.windows,
            timeZones: needs.timeZones,
            from: Timestamp(microsecondsSinceUnixEpoch: time.lowerBound),
            to: Timestamp(microsecondsSinceUnixEpoch: time.upperBound)
        )
    }

    // MARK: - Leads of the request

    private func decide(
        _ leads: [SimulatedLead],
        _ live: RuleSetSnapshot,
        _ draft: RuleSetSnapshot,
        _ counters: RoutingState?,
        _ work: WorkLimit,
        _ reader: TextReader
    ) async throws -> SimulationReport {
        let now = try await stores.schedule.databaseTime().microsecondsSinceUnixEpoch
        var simulation = RuleSimulation(
            live: live,
            draft: draft,
            windows: try await windows(live, draft, now...now),
            from: counters,
            for: reader,
            until: work.isOver
        )
        simulation.add(leads.map { SimulatedLead(id: $0.id, lead: $0.lead, source: $0.source, time: $0.time ?? now) })
        try Self.check(simulation)
        return simulation.finished()
    }

    /// The leads of a CSV file; a workspace's leads are its own, whatever the file names.
    private func leads(in bytes: [UInt8], of owner: UUID?, _ access: Access) async throws -> [SimulatedLead] {
        var workspaces: [Workspace] = []
        if access == .administrator { workspaces = try await stores.workspaces.list(as: access).map(\.workspace) }
        do {
            return try LeadTable.leads(bytes, of: LeadSources(workspaces, else: owner))
        } catch {
            throw StoreError(
                .invalid,
                field: "/csv",
                "This is not a CSV file of leads: \(error)",
                remedy: "Send UTF-8 with a header row, as `switchyard import` reads it."
            )
        }
    }

    // MARK: - Drafts

    /// The rule set that is compared with the current one.
    private func rules(
        of request: SimulationRequest,
        _ live: RuleSetSnapshot,
        _ access: Access
    ) async throws -> RuleSetSnapshot {
        switch request.draft {
        case .published: return live
        case .version(let version):
            let then = try await stores.ruleSets.load(asOf: version)
            return live.replacingRules(of: request.owner, with: then.rules.filter { $0.workspaceID == request.owner })
        case .stored:
            guard let draft = try await stores.drafts.find(of: request.owner, as: access) else {
                throw StoreError(
                    .invalid,
                    field: "/draft",
                    "No draft is stored.",
                    remedy: "Save a draft, set version to an earlier version, or set draft to published."
                )
            }
            return live.publishing(draft.document, of: request.owner)
        case .document(let tree):
            let workspaces = try await stores.workspaces.list(as: access).map(\.workspace)
            do {
                let document = try RuleSetDocument(WorkspaceNaming(workspaces).resolved(tree))
                return live.publishing(document, of: request.owner)
            } catch let error as InvalidDocument {
                throw InvalidDocument(error.problems.map { $0.under("/draft") })
            }
        }
    }
}

extension SimulationRequest.Draft {
    /// Its name in the report.
    fileprivate var name: String {
        switch self {
        case .published: "the same rules"
        case .stored: "the draft"
        case .version(let version): "version \(version)"
        case .document: "the draft that was sent"
        }
    }
}

extension RoutingRule {
    /// Whether it keeps the leads of a company or domain together.
    fileprivate var isSticky: Bool { distribution?.pool?.method == .sticky }
}
