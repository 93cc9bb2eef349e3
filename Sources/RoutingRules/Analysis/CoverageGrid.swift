import FoundationEssentials

/// The states of the United States against the bands of company size that rules name: which combinations no rule takes.
///
/// Only if rules distinguish both. A combination counts as taken if some rule takes some of its leads, whatever else
/// that rule requires, so a reported combination is certainly not covered.
struct CoverageGrid {
    private let rows: [(state: USState, open: [Int])]
    private let sizes: [(text: String, number: Int)]

    /// How many groups of states are listed in a sentence.
    private static let groupLimit = 4

    init(_ applied: AppliedRules, _ index: CellIndex) {
        let conditions = applied.entries.map(\.rule.conditions)
        let usesStates = conditions.contains { !$0.usStates.isEmpty || !$0.regions.isEmpty }
        let sizes = index.companySizes(in: conditions)
        guard usesStates, !sizes.isEmpty else {
            rows = []
            self.sizes = []
            return
        }
        let columns = sizes.sorted { (Self.lowerEnd(of: $0.text), $0.text) < (Self.lowerEnd(of: $1.text), $1.text) }
        self.sizes = columns
        var usable = RuleBitSet(count: conditions.count)
        for (place, entry) in applied.entries.enumerated() where entry.obstacle == nil {
            if !index.cells(of: entry.rule.conditions).isEmpty { usable.insert(place) }
        }
        // Most leads give their country and write the state by its code.
        var inCountry = usable
        index.restrict(&inCountry, index.unitedStates)
        var rows: [(USState, [Int])] = []
        for (number, state) in USState.all.enumerated() where state.division != nil {
            var takers = inCountry
            index.restrict(&takers, .united(index: number, spelling: nil))
            let open = columns.indices.filter { column in
                var left = takers
                index.restrict(&left, text: 1, columns[column].number)
                return left.isEmpty
            }
            rows.append((state, open))
        }
        self.rows = rows
    }

    /// Combinations that no rule takes, as groups of states; nil when there is none.
    func finding(owner: UUID?, view: RuleSetView) -> RuleFinding? {
        let open = rows.reduce(0) { $0 + $1.open.count }
        guard open > 0 else { return nil }
        var groups: [[Int]: [USState]] = [:]
        for row in rows where !row.open.isEmpty { groups[row.open, default: []].append(row.state) }
        let ordered = groups.sorted {
            ($1.value.count * $1.key.count, $0.value[0].code) < ($0.value.count * $0.key.count, $1.value[0].code)
        }
        var parts = ordered.prefix(Self.groupLimit).map { "\(Self.states($1)) with \(bands($0))" }
        if ordered.count > Self.groupLimit { parts.append("\(ordered.count - Self.groupLimit) more groups of states") }
        let isCaught = owner.flatMap { view.workspaces[$0] }?.unmatchedPolicy ?? .keep != .keep
        return RuleFinding(
            isCaught ? .note : .warning,
            .uncoveredCells,
            owner: owner,
            "No rule takes \(open) of the \(rows.count * sizes.count) combinations of state and company size: "
                + parts.joined(separator: "; ") + ".",
            remedy: "Add a rule for them, or one without conditions at the lowest priority."
        )
    }

    private func bands(_ columns: [Int]) -> String {
        if columns.count == sizes.count { return "any of the \(sizes.count) sizes" }
        // Adjacent bands are shown as a range.
        var runs: [ClosedRange<Int>] = []
        for column in columns {
            if let last = runs.last, last.upperBound == column - 1 {
                runs[runs.count - 1] = last.lowerBound...column
            } else {
                runs.append(column...column)
            }
        }
        let texts = runs.map { run in
            run.count == 1
                ? sizes[run.lowerBound].text : "\(sizes[run.lowerBound].text) to \(sizes[run.upperBound].text)"
        }
        return (columns.count == 1 ? "size " : "sizes ") + SentenceList.plain(texts, atMost: 4)
    }

    private static func states(_ states: [USState]) -> String {
        let all = USState.all.filter { $0.division != nil }
        if states.count == all.count { return "all \(all.count) states" }
        guard all.count - states.count > 8 else {
            let missing = all.filter { state in !states.contains { $0.code == state.code } }.map(\.code).sorted()
            return "all states but \(SentenceList.plain(missing, atMost: 8))"
        }
        return SentenceList.plain(states.map(\.code).sorted(), atMost: 8)
    }

    /// The number at the beginning of a band, for sorting.
    private static func lowerEnd(of band: String) -> Int {
        let digits = band.drop { !$0.isASCII || !$0.isNumber }.prefix { $0.isNumber || $0 == "," }
        return Int(digits.filter(\.isNumber)) ?? .max
    }
}
