package import FoundationEssentials

extension SimulationReport {
    /// The report for a terminal.
    ///
    /// - Parameters:
    ///   - names: the names of workspaces.
    ///   - limit: how many lines of each table at most.
    ///   - time: prints a time of microseconds since 1970.
    /// - Returns: the text, without a trailing line break.
    package func text(names: [UUID: String], limit: Int = 12, time: (Int64) -> String) -> String {
        var lines = [
            "\(Self.grouped(leadCount)) \(leadCount == 1 ? "lead" : "leads") under the current rules (version \(version)) and under \(draftName)."
        ]
        if let period, leadCount > 0 { lines.append("From \(time(period.lowerBound)) to \(time(period.upperBound)).") }
        if offset > 0 {
            lines.append("Counters and turns start at their current values, and the leads are replayed from now on.")
        } else if counters == .live {
            lines.append("Counters and turns start at their current values.")
        }
        if isTruncated { lines.append("The period has more leads; the newest were taken.") }
        if duplicateCount > 0 {
            lines.append("\(Self.grouped(duplicateCount)) duplicates are excluded: no rule decides them.")
        }
        lines.append("")
        for (name, count) in [
            ("unchanged", unchanged), ("of these, by another rule", otherRule), ("moved to another destination", moved),
            ("newly matched", newlyMatched), ("newly unmatched", newlyUnmatched),
        ] where count > 0 || name == "unchanged" || name.hasPrefix("moved") {
            lines.append("  " + Self.right(Self.grouped(count), 11) + "  " + name)
        }
        if leadCount <= 3 { lines += leadLines(names) }
        if !moves.isEmpty {
            lines += ["", "MOVES"]
            for move in moves.prefix(limit) {
                lines.append(
                    "  " + Self.right(Self.grouped(move.count), 11)
                        + "  \(Self.words(move.from, names)) → \(Self.words(move.to, names))"
                )
                guard !move.sample.isEmpty else { continue }
                lines.append("               such as \(move.sample.prefix(3).map(\.text).joined(separator: ", "))")
            }
            if moves.count > limit { lines.append("               … and \(moves.count - limit) more kinds of move") }
        }
        lines += table(
            "WORKSPACES",
            ["now", "draft", "in", "out"],
            workspaces.map { ($0.name ?? "another workspace", [$0.live, $0.draft, $0.movedIn, $0.movedOut]) },
            limit
        )
        lines += table(
            "RULES",
            ["now", "draft"],
            rules.map { ($0.name ?? "a rule of the platform", [$0.live, $0.draft]) },
            limit
        )
        lines += waitLines
        lines += capLines(limit, time)
        return lines.joined(separator: "\n")
    }

    private func leadLines(_ names: [UUID: String]) -> [String] {
        leads.flatMap { lead in
            [
                "", "Lead \(lead.index + 1)",
                "  now    \(Self.words(Placement(lead.live), names)): \(lead.live.reason.text(for: reader))",
                "  draft  \(Self.words(Placement(lead.draft), names)): \(lead.draft.reason.text(for: reader))",
            ]
        }
    }

    private func table(_ title: String, _ columns: [String], _ rows: [(String, [Int?])], _ limit: Int) -> [String] {
        guard !rows.isEmpty else { return [] }
        var lines = ["", title.padded(38) + columns.map { Self.right($0, 11) }.joined()]
        for (name, values) in rows.prefix(limit) {
            let cells = values.map { Self.right($0.map(Self.grouped) ?? "–", 11) }.joined()
            lines.append("  " + String(name.prefix(34)).padded(36) + cells)
        }
        if rows.count > limit { lines.append("  … and \(rows.count - limit) more") }
        return lines
    }

    private var waitLines: [String] {
        guard liveWaits.ever + draftWaits.ever > 0 else { return [] }
        func line(_ name: String, _ value: (Waits) -> String) -> String {
            "  " + name.padded(36) + Self.right(value(liveWaits), 11) + Self.right(value(draftWaits), 11)
        }
        return [
            "", "WAITING FOR CAPACITY".padded(38) + Self.right("now", 11) + Self.right("draft", 11),
            line("leads that waited") { Self.grouped($0.ever) },
            line("still waiting at the end") { Self.grouped($0.still) },
            line("longest wait until it moved") { $0.longest > 0 ? Self.duration($0.longest) : "–" },
        ]
    }

    /// A duration in its two largest units: `3 d 4 h`.
    private static func duration(_ microseconds: Int64) -> String {
        let minutes = microseconds / 60_000_000
        if minutes < 1 { return "\(microseconds / 1_000_000) s" }
        if minutes < 60 { return "\(minutes) min" }
        if minutes < 1440 { return "\(minutes / 60) h \(minutes % 60) min" }
        return "\(minutes / 1440) d \(minutes % 1440 / 60) h"
    }

    private func capLines(_ limit: Int, _ time: (Int64) -> String) -> [String] {
        guard !caps.isEmpty else { return [] }
        var lines = ["", "CAPS THAT FILL"]
        func words(_ windows: Int, _ first: Int64?, _ period: String) -> String {
            guard let first else { return "never" }
            return period == "total" ? "at \(time(first))" : "in \(windows) \(period)s, first at \(time(first))"
        }
        for cap in caps.prefix(limit) {
            lines.append(
                "  \(cap.subject), \(Self.grouped(Int(cap.limit))) \(cap.period == "total" ? "in all" : "a \(cap.period)")"
            )
            lines.append("      now    \(words(cap.liveWindows, cap.liveFirst, cap.period))")
            lines.append("      draft  \(words(cap.draftWindows, cap.draftFirst, cap.period))")
        }
        if caps.count > limit { lines.append("  … and \(caps.count - limit) more") }
        return lines
    }

    /// A result in words.
    package static func words(_ placement: Placement, _ names: [UUID: String]) -> String {
        func name(_ id: UUID) -> String { names[id].map { "“\($0)”" } ?? id.text }
        return switch placement {
        case .routed(let id): name(id)
        case .unmatched(let id): "unmatched, kept in \(name(id))"
        case .fallback(let id): "unmatched, to fallback \(name(id))"
        case .retry: "unmatched, retried"
        case .waiting: "waiting for capacity"
        }
    }

    private static func grouped(_ number: Int) -> String {
        var digits = Array(String(number))
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: index)
            index -= 3
        }
        return String(digits)
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
