import JSON
import RoutingRules
import SwitchyardServer

extension RuleSetDifference {
    /// The difference in the form of a unified diff: a part for each rule.
    func text(from: String, to: String, naming: WorkspaceNaming) -> String {
        var lines = ["--- \(from)", "+++ \(to)"]
        for (noun, list) in [("rule", rules), ("golden lead", goldenLeads)] {
            for change in list.changed {
                lines.append("@@ \(noun) “\(change.name)” @@")
                lines += Self.compare(
                    RuleSetYAML.lines(change.before, naming: naming),
                    RuleSetYAML.lines(change.after, naming: naming)
                )
            }
            for (sign, entries, what) in [("-", list.removed, "gone"), ("+", list.added, "new")] {
                for entry in entries {
                    var name = ""
                    if case .string(let text)? = entry["name"] { name = text }
                    lines.append("@@ \(noun) “\(name)”: \(what) @@")
                    lines += RuleSetYAML.lines(entry, naming: naming).map { sign + $0 }
                }
            }
        }
        return lines.joined(separator: "\n")
    }

    /// All lines of both: removed, added and common ones.
    private static func compare(_ before: [String], _ after: [String]) -> [String] {
        let difference = after.difference(from: before)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [String] = []
        var (old, new) = (0, 0)
        while old < before.count || new < after.count {
            if removed.contains(old) {
                lines.append("-" + before[old])
                old += 1
            } else if inserted.contains(new) {
                lines.append("+" + after[new])
                new += 1
            } else {
                lines.append(" " + after[new])
                old += 1
                new += 1
            }
        }
        return lines
    }
}
