import FoundationEssentials
import JSON
import RoutingRules
import SwitchyardServer
import YAML

/// A rule set in YAML, with the line of every value.
struct RuleSetYAML {
    /// The owner that the file names.
    let owner: String?
    /// The document, with workspaces as written.
    let tree: JSONValue
    private let lines: [String: Int]
    private let file: String

    /// Parses a file's text.
    ///
    /// Plain `true`, `false`, `null` and numbers have those types, and every other plain text is a string: `NO` is
    /// Norway. Anchors and aliases are refused.
    ///
    /// - Parameters:
    ///   - text: the YAML.
    ///   - file: its name in messages.
    /// - Throws: `CommandError` with the line of the problem.
    init(_ text: String, file: String) throws {
        self.file = file
        var lines: [String: Int] = [:]
        let tree: JSONValue
        do {
            guard let root = try YAMLNode(text) else {
                throw CommandError("\(file) is empty.", remedy: "`switchyard rules pull` writes one.")
            }
            tree = Self.tree(root, path: "", &lines)
        } catch let error as YAMLError {
            let column = error.column.map { " (column \($0))" } ?? ""
            throw CommandError("\(file):\(error.line): \(error.problem)\(column).")
        }
        if case .string(let owner)? = tree["owner"] { self.owner = owner } else { owner = nil }
        if case .object(let members) = tree {
            self.tree = .object(members.filter { $0.key != "owner" })
        } else {
            self.tree = tree
        }
        self.lines = lines
    }

    /// The document, with every workspace by its id.
    ///
    /// - Throws: `CommandError` with the line and place of every problem.
    func document(_ naming: WorkspaceNaming) throws -> RuleSetDocument {
        do {
            return try RuleSetDocument(naming.resolved(tree))
        } catch let error as InvalidDocument {
            throw failure(error.problems)
        }
    }

    /// Problems with their lines.
    func failure(_ problems: [FieldProblem]) -> CommandError {
        let sentences = problems.map { problem in
            let remedy = problem.remedy.map { " \($0)" } ?? ""
            return
                "\(file):\(line(of: problem.field)): \(problem)\(remedy)"
        }
        return CommandError(sentences.joined(separator: "\n"))
    }

    /// The line of a place, or of its parent.
    private func line(of path: String) -> Int {
        var path = path[...]
        while true {
            if let line = lines[String(path)] { return line }
            guard let slash = path.lastIndex(of: "/") else { return 1 }
            path = path[..<slash]
        }
    }

    private static func tree(_ node: YAMLNode, path: String, _ lines: inout [String: Int]) -> JSONValue {
        if lines[path] == nil { lines[path] = node.line }
        switch node {
        case .scalar: return node.json
        case .sequence(let elements, _):
            return .array(elements.enumerated().map { tree($0.element, path: "\(path)/\($0.offset)", &lines) })
        case .mapping(let members, _):
            return .object(
                members.map { member in
                    let place = "\(path)/\(JSONPointer.part(member.name))"
                    lines[place] = member.nameLine
                    return .init(member.name, tree(member.value, path: place, &lines))
                }
            )
        }
    }
}
