package import FoundationEssentials

/// Decides leads twice, under the current rules and under a draft, and counts the differences.
///
/// Pure: it receives leads in the order of their times and changes nothing. A decision costs a microsecond or two, as
/// in routing. Memory grows with the number of waiting leads only.
package struct RuleSimulation {
    private var live: SimulatedSide
    private var draft: SimulatedSide
    private let names: [UUID: OwnedName]
    private var report: SimulationReport
    private var moves: [Pair: Tally] = [:]
    private var both: [Pair: Int] = [:]
    private let sampleSize: Int
    private let offset: Int64
    /// Whether to stop; asked before each lead.
    private let isOver: @Sendable () -> Bool
    /// Whether it was stopped, so that its results are not complete.
    package private(set) var isStopped = false
    /// Leads that wait under at least one of the rule sets, by number.
    private var open: [Int: Comparison] = [:]

    /// The results of one lead.
    private struct Comparison {
        let id: UUID?
        var live: SimulatedSide.Result
        var draft: SimulatedSide.Result
    }

    private struct Pair: Hashable {
        let from: Placement
        let to: Placement
    }

    private struct Tally {
        var count = 0
        var sample: [UUID] = []
    }

    /// The most leads that are listed individually.
    package static let detailLimit = 100

    /// Prepares to compare two rule sets.
    ///
    /// Pauses of routing are ignored: the simulation shows where leads go, not when.
    ///
    /// - Parameters:
    ///   - live: the current rules.
    ///   - draft: the other rules.
    ///   - windows: the windows of caps and the local times, for the period of the leads.
    ///   - start: the initial counters and turns; nil for none.
    ///   - offset: by how much the leads' times are shifted into the future, in microseconds.
    ///   - sampleSize: how many leads are named for each kind of move.
    ///   - reader: the reader of the report.
    ///   - isOver: whether to stop; asked before each lead.
    package init(
        live: RuleSetSnapshot,
        draft: RuleSetSnapshot,
        windows: SimulatedClock = SimulatedClock(),
        from start: RoutingState? = nil,
        offset: Int64 = 0,
        sampleSize: Int = 10,
        for reader: TextReader,
        until isOver: @escaping @Sendable () -> Bool = { false }
    ) {
        report = SimulationReport(for: reader)
        self.isOver = isOver
        self.live = SimulatedSide(live, windows, from: start, until: isOver)
        self.draft = SimulatedSide(draft, windows, from: start, until: isOver)
        self.sampleSize = sampleSize
        self.offset = offset
        report.counters = start == nil ? .empty : .live
        report.offset = offset
        names = Dictionary((live.workspaces + draft.workspaces).map { ($0.id, OwnedName.workspace($0.id, $0.name)) }) {
            first,
            _ in first
        }
        report.version = live.version
    }

    /// Decides leads, in the order of their times.
    ///
    /// - Parameter page: the leads with their ids, sources and times.
    package mutating func add(_ page: [SimulatedLead]) {
        var rest = page[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Self.leadsInPart))
            rest = rest.dropFirst(Self.leadsInPart)
            if stops() { return }
            live.prepare(for: part)
            draft.prepare(for: part)
            for lead in part {
                if stops() { return }
                add(lead)
            }
        }
    }

    /// Leads whose needs are looked up together; few, because nothing stops meanwhile.
    private static let leadsInPart = 64

    private mutating func stops() -> Bool {
        if !isStopped, isOver() { isStopped = true }
        return isStopped
    }

    private mutating func add(_ lead: SimulatedLead) {
        let number = report.leadCount
        let time = (lead.time ?? 0) + offset
        let shifted = SimulatedLead(id: lead.id, lead: lead.lead, source: lead.source, time: time)
        let comparison = Comparison(
            id: lead.id,
            live: live.decide(shifted, number: number, at: time),
            draft: draft.decide(shifted, number: number, at: time)
        )
        report.leadCount += 1
        if let time = lead.time, lead.id != nil {
            report.period = min(report.period?.lowerBound ?? time, time)...max(report.period?.upperBound ?? time, time)
        }
        if report.leads.count < Self.detailLimit {
            report.leads.append(
                .init(index: number, live: comparison.live.decision, draft: comparison.draft.decision)
            )
        }
        settle(comparison, number)
        noteMoves()
    }

    /// Counts a lead, unless it still waits.
    private mutating func settle(_ comparison: Comparison, _ number: Int) {
        if comparison.live.placement.isWaiting || comparison.draft.placement.isWaiting {
            open[number] = comparison
        } else {
            count(comparison)
        }
    }

    /// Records waiting leads that have moved.
    private mutating func noteMoves() {
        guard !live.moved.isEmpty || !draft.moved.isEmpty else { return }
        var changed: Set<Int> = []
        for (number, result) in live.moved {
            open[number]?.live = result
            changed.insert(number)
        }
        for (number, result) in draft.moved {
            open[number]?.draft = result
            changed.insert(number)
        }
        live.moved = []
        draft.moved = []
        for number in changed {
            guard let comparison = open.removeValue(forKey: number) else { continue }
            if number < report.leads.count {
                report.leads[number].live = comparison.live.decision
                report.leads[number].draft = comparison.draft.decision
            }
            settle(comparison, number)
        }
    }

    private mutating func count(_ comparison: Comparison) {
        let pair = Pair(from: comparison.live.placement, to: comparison.draft.placement)
        both[pair, default: 0] += 1
        guard pair.from != pair.to else {
            report.unchanged += 1
            if comparison.live.rule != comparison.draft.rule { report.otherRule += 1 }
            return
        }
        var tally = moves[pair] ?? Tally()
        tally.count += 1
        if let id = comparison.id, tally.sample.count < sampleSize { tally.sample.append(id) }
        moves[pair] = tally
    }

    /// Continues to the end of the period: waiting leads move while there is capacity.
    ///
    /// - Parameter time: the end, in microseconds since 1970, by the times of the leads.
    package mutating func advance(to time: Int64) {
        live.advance(to: time + offset)
        draft.advance(to: time + offset)
        noteMoves()
        _ = stops()
    }

    /// How many leads were decided so far.
    package var leadCount: Int { report.leadCount }

    /// Counts duplicates, which no rule decides.
    package mutating func skipDuplicates(_ count: Int) { report.duplicateCount += count }

    /// The report.
    package func finished() -> SimulationReport {
        var ended = self
        for comparison in open.sorted(by: { $0.key < $1.key }) { ended.count(comparison.value) }
        return ended.summed()
    }

    private func summed() -> SimulationReport {
        var report = report
        report.liveWaits = live.waiting()
        report.draftWaits = draft.waiting()
        if report.leadCount > Self.detailLimit { report.leads = [] }
        for (pair, tally) in moves {
            switch (pair.from.isMatched, pair.to.isMatched) {
            case (true, false): report.newlyUnmatched += tally.count
            case (false, true): report.newlyMatched += tally.count
            default: report.moved += tally.count
            }
            report.moves.append(.init(from: pair.from, to: pair.to, count: tally.count, sample: tally.sample))
        }
        report.moves.sort { ($1.count, $0.sample.first?.text ?? "") < ($0.count, $1.sample.first?.text ?? "") }
        report.workspaces = workspaceLines()
        report.rules = ruleLines()
        report.caps = capLines()
        return report
    }

    private func workspaceLines() -> [SimulationReport.WorkspaceLine] {
        var lines: [UUID: SimulationReport.WorkspaceLine] = [:]
        func add(_ id: UUID?, _ change: (inout SimulationReport.WorkspaceLine) -> Void) {
            guard let id else { return }
            var line =
                lines[id]
                ?? .init(id: id, name: name(names[id]), live: 0, draft: 0, movedIn: 0, movedOut: 0)
            change(&line)
            lines[id] = line
        }
        for (pair, count) in both {
            add(pair.from.workspace) { $0.live += count }
            add(pair.to.workspace) { $0.draft += count }
            guard pair.from.workspace != pair.to.workspace else { continue }
            add(pair.from.workspace) { $0.movedOut += count }
            add(pair.to.workspace) { $0.movedIn += count }
        }
        return lines.values.sorted {
            ($1.movedIn + $1.movedOut, $1.draft, $0.name ?? "") < ($0.movedIn + $0.movedOut, $0.draft, $1.name ?? "")
        }
    }

    /// A name, if the reader may read it.
    private func name(_ name: OwnedName?) -> String? {
        name.flatMap { report.reader.reads(ownedBy: $0.owner) ? $0.name : nil }
    }

    private func ruleLines() -> [SimulationReport.RuleLine] {
        var lines: [UUID: SimulationReport.RuleLine] = [:]
        for (id, known) in live.ruleNames {
            lines[id] = .init(id: id, name: name(known), live: live.hits[id] ?? 0, draft: nil)
        }
        for (id, known) in draft.ruleNames {
            var line = lines[id] ?? .init(id: id, name: name(known), live: nil, draft: nil)
            line.draft = draft.hits[id] ?? 0
            lines[id] = line
        }
        func change(_ line: SimulationReport.RuleLine) -> Int { abs((line.live ?? 0) - (line.draft ?? 0)) }
        return lines.values
            .filter { ($0.live ?? 0) + ($0.draft ?? 0) > 0 || ($0.live == nil) != ($0.draft == nil) }
            .sorted { (change($1), $1.draft ?? 0, $0.name ?? "") < (change($0), $0.draft ?? 0, $1.name ?? "") }
    }

    private func capLines() -> [SimulationReport.CapLine] {
        var lines: [StateKey: SimulationReport.CapLine] = [:]
        func add(_ side: SimulatedSide, _ change: (inout SimulationReport.CapLine, Int64, Int) -> Void) {
            for cap in side.filled() where report.reader.reads(ownedBy: cap.owner) {
                var line =
                    lines[cap.key]
                    ?? .init(
                        subject: cap.subject.text(for: report.reader),
                        period: (cap.key.period ?? .total).rawValue,
                        limit: cap.limit,
                        liveFirst: nil,
                        liveWindows: 0,
                        draftFirst: nil,
                        draftWindows: 0
                    )
                change(&line, cap.first, cap.windows)
                lines[cap.key] = line
            }
        }
        add(live) { line, first, windows in (line.liveFirst, line.liveWindows) = (first, windows) }
        add(draft) { line, first, windows in (line.draftFirst, line.draftWindows) = (first, windows) }
        return lines.values.sorted {
            (abs($1.draftWindows - $1.liveWindows), $1.draftWindows, $0.subject)
                < (abs($0.draftWindows - $0.liveWindows), $0.draftWindows, $1.subject)
        }
    }
}

/// A past lead, or one of the request.
package struct SimulatedLead: Sendable {
    /// Its id; nil for a lead that was never stored.
    package let id: UUID?
    /// The values that the partner sent.
    package let lead: Lead
    /// The workspace that it came from.
    package let source: UUID?
    /// The time, in microseconds since 1970; nil for now.
    package let time: Int64?

    /// A lead.
    package init(id: UUID?, lead: Lead, source: UUID?, time: Int64?) {
        self.id = id
        self.lead = lead
        self.source = source
        self.time = time
    }
}
