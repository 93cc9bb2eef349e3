import FoundationEssentials
package import LeadStore
import Postgres
package import RoutingRules
import Synchronization

/// Decides leads of the past under the rules in force and under a draft, and writes nothing.
///
/// One at a time on a node: it takes a core while it runs, and the next one can wait.
package final class RuleSimulator: Sendable {
    private let stores: Stores
    private let timeLimit: Duration
    private let isBusy = Mutex(false)

    /// A simulator over a database.
    ///
    /// - Parameters:
    ///   - stores: every statement.
    ///   - timeLimit: how long a simulation may take.
    package init(stores: Stores, timeLimit: Duration = .seconds(60)) {
        self.stores = stores
        self.timeLimit = timeLimit
    }

    /// Why a simulation is not made.
    package enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        /// Another one is under way on this node.
        case busy
        /// It took longer than it may; it had come so far.
        case tooLong(leads: Int)

        package var description: String {
            switch self {
            case .busy: "Another simulation is under way."
            case .tooLong(let leads): "The simulation took too long; it had decided \(leads) leads."
            }
        }
    }

    /// Simulates.
    ///
    /// A hundred thousand leads take some seconds; memory does not grow with their number.
    ///
    /// - Parameters:
    ///   - request: what to compare.
    ///   - draftName: what the draft is called in the report.
    /// - Returns: what came of it.
    /// - Throws: ``Refusal``; `StoreError` for a version that is not kept; what the database says.
    package func run(_ request: SimulationRequest, draftName: String) async throws -> SimulationReport {
        let isMine = isBusy.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isMine else { throw Refusal.busy }
        defer { isBusy.withLock { $0 = false } }
        let clock = ContinuousClock()
        let start = clock.now
        let live = try await stores.ruleSets.loadRuleSet()
        let draft = try await snapshot(of: request, live)
        var report: SimulationReport
        switch request.leads {
        case .these(let leads):
            let now = try await stores.schedule.databaseTime().microsecondsSinceUnixEpoch
            var simulation = RuleSimulation(
                live: live,
                draft: draft,
                windows: try await windows(live, draft, now...now),
                from: try await stood(request.counters, live, draft)
            )
            simulation.add(
                leads.map { SimulatedLead(id: $0.id, lead: $0.lead, source: $0.source, time: $0.time ?? now) }
            )
            report = simulation.finished()
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
            // With the counters of now the leads come again from now on.
            let offset = request.counters == .live ? end - from : 0
            var counters = try await stood(request.counters, live, draft)
            // Who waits in routing is not among the leads that are replayed, and would hold them up for ever.
            counters?.waiting = []
            let simulation = Mutex(
                RuleSimulation(
                    live: live,
                    draft: draft,
                    windows: try await windows(live, draft, (from + offset)...(end + offset)),
                    from: counters,
                    offset: offset
                )
            )
            let isTruncated = try await stores.simulation.replay(selection, seconds: Int(timeLimit.components.seconds))
            { page in
                let count = simulation.withLock { simulation in
                    simulation.add(page.leads)
                    simulation.skipDuplicates(page.duplicateCount)
                    return simulation.leadCount
                }
                if clock.now - start > timeLimit { throw Refusal.tooLong(leads: count) }
            }
            report = simulation.withLock { simulation in
                simulation.advance(to: end)
                return simulation.finished()
            }
            report.isTruncated = isTruncated
        }
        report.draftName = draftName
        let duration = clock.now - start
        report.seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        return report
    }

    /// How counters and turns stand, for whoever asks for that; they are read without a lock.
    private func stood(
        _ counters: SimulatedCounters,
        _ live: RuleSetSnapshot,
        _ draft: RuleSetSnapshot
    ) async throws -> RoutingState? {
        guard counters == .live else { return nil }
        var request = CompiledRuleSet(live).everyRequest()
        request.formUnion(CompiledRuleSet(draft).everyRequest())
        var state = try await stores.capacity.peek(request)
        state.sticky = try await stores.capacity.stickyDestinations(
            of: (live.rules + draft.rules).filter(\.isSticky).map(\.id)
        )
        return state
    }

    /// The windows and clocks of a time that the rules need; nothing is asked where they need none.
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

    private func snapshot(of request: SimulationRequest, _ live: RuleSetSnapshot) async throws -> RuleSetSnapshot {
        switch request.draft {
        case .published: return live
        case .rules(let rules): return live.replacingRules(of: request.owner, with: rules)
        case .version(let version):
            let then = try await stores.ruleSets.loadRuleSet(asOf: version)
            return live.replacingRules(of: request.owner, with: then.rules.filter { $0.workspaceID == request.owner })
        }
    }
}

extension RoutingRule {
    /// Whether a company's or domain's leads go where they went before.
    fileprivate var isSticky: Bool { distribution?.pool?.method == .sticky }
}
