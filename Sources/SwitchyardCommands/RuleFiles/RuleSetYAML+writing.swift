import FoundationEssentials
import JSON
import RoutingRules
import SwitchyardServer

extension RuleSetYAML {
    /// A rule set as a YAML file: always in the same order, workspaces by name with their ids in comments.
    static func text(_ document: RuleSetDocument, owner: (id: UUID?, name: String), naming: WorkspaceNaming) -> String {
        var lines = [
            "# Rules of Switchyard. `switchyard rules diff FILE` compares them with the current rules, `rules push FILE` saves them",
            "# as the draft, `rules push FILE --publish -m NOTE` publishes them.",
            "owner: \(owner.id == nil ? "platform" : scalar(owner.name))" + (owner.id.map { "  # \($0.text)" } ?? ""),
        ]
        if let version = document.version {
            lines.append(
                "# The version on which this file is based. If the rules have changed since, publishing is refused."
            )
            lines.append("version: \(version)")
        }
        lines.append("")
        lines.append(
            "# Order: higher priority first, then the oldest. A lead must meet every list of a rule."
        )
        lines += list("rules", document.rules.map(\.tree), naming)
        lines.append("")
        lines.append(
            "# Examples with their expected result. If one differs, publishing is refused. Use invented people."
        )
        lines += list("goldenLeads", document.goldenLeads.map(\.tree), naming)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The lines of one rule or golden lead, without indentation.
    static func lines(_ entry: JSONValue, naming: WorkspaceNaming) -> [String] {
        // The name first, whatever the order in the tree.
        let parts = entry.members ?? []
        return members(parts.filter { $0.key == "name" } + parts.filter { $0.key != "name" }, naming)
    }

    private static func list(_ name: String, _ entries: [JSONValue], _ naming: WorkspaceNaming) -> [String] {
        guard !entries.isEmpty else { return ["\(name): []"] }
        return ["\(name):"]
            + entries.flatMap { entry in
                lines(entry, naming: naming).enumerated().map { ($0.offset == 0 ? "  - " : "    ") + $0.element }
            }
    }

    private static func members(_ members: [JSONValue.Member], _ naming: WorkspaceNaming) -> [String] {
        members.flatMap { member -> [String] in
            let key = scalar(member.key)
            switch member.value {
            case .object(let inner) where !inner.isEmpty:
                return ["\(key):"] + self.members(inner, naming).map { "  " + $0 }
            case .array(let elements) where !elements.isEmpty:
                if let flow = flow(elements, width: 100 - key.count) { return ["\(key): \(flow)"] }
                return ["\(key):"]
                    + elements.flatMap { element in
                        block(element, naming).enumerated().map { ($0.offset == 0 ? "  - " : "    ") + $0.element }
                    }
            case .string(let text):
                if ["destination", "source", "workspaceId"].contains(member.key), let id = UUID(uuidString: text),
                    let name = naming.name(of: id)
                {
                    return ["\(key): \(scalar(name))  # \(id.text)"]
                }
                return ["\(key): \(scalar(text))"]
            default: return ["\(key): \(member.value.json)"]
            }
        }
    }

    private static func block(_ element: JSONValue, _ naming: WorkspaceNaming) -> [String] {
        switch element {
        case .object(let inner) where !inner.isEmpty: members(inner, naming)
        case .string(let text): [scalar(text)]
        default: [element.json]
        }
    }

    /// A list in one line, if it holds plain values only and fits.
    private static func flow(_ elements: [JSONValue], width: Int) -> String? {
        var parts: [String] = []
        for element in elements {
            switch element {
            case .object, .array: return nil
            case .string(let text): parts.append(scalar(text))
            default: parts.append(element.json)
            }
        }
        let text = "[" + parts.joined(separator: ", ") + "]"
        return text.count <= width ? text : nil
    }

    /// A string, in quotes unless a YAML reader takes the plain form for the same string.
    static func scalar(_ text: String) -> String {
        let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        let isPlain =
            text.utf8.first.map { $0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z") } == true
            && text.utf8.last != UInt8(ascii: " ") && !words.contains(text.lowercased())
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: " _./@+-$".utf8.contains(byte)
                }
            }
        return isPlain ? text : JSONValue.string(text).json
    }
}
