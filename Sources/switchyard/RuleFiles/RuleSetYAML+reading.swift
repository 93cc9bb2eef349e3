import FoundationEssentials
import RoutingRules
import Yams

/// A rule set as it was written in YAML, with the line of every value.
struct RuleSetYAML {
    /// Whose rules the file says that they are.
    let owner: String?
    /// The document, workspaces as they were written.
    let tree: DocumentTree
    private let lines: [String: Int]
    private let file: String

    /// Reads a file's text.
    ///
    /// Plain `true`, `false`, `null` and numbers are what they look like, and every other plain text is a text: `NO` is
    /// Norway. Anchors and aliases are refused.
    ///
    /// - Parameters:
    ///   - text: the YAML.
    ///   - file: what to call it in messages.
    /// - Throws: `CommandFault` with the line at fault.
    init(_ text: String, file: String) throws {
        self.file = file
        var lines: [String: Int] = [:]
        let tree: DocumentTree
        do {
            guard let root = try Yams.compose(yaml: text) else {
                throw CommandFault("\(file) is empty.", remedy: "`switchyard rules pull` writes one to begin with.")
            }
            tree = try Self.tree(root, path: "", &lines, file)
        } catch let error as YamlError {
            throw Self.fault(error, file)
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
    /// - Throws: `CommandFault` with line and place of everything that is wrong.
    func document(_ naming: WorkspaceNaming) throws -> RuleSetDocument {
        do {
            return try RuleSetDocument(naming.resolved(tree))
        } catch let error as DocumentProblems {
            throw fault(error.problems)
        }
    }

    /// Problems with their lines, for the person who wrote the file.
    func fault(_ problems: [DocumentProblem]) -> CommandFault {
        let sentences = problems.map { problem in
            let remedy = problem.remedy.map { " \($0)" } ?? ""
            return
                "\(file):\(line(of: problem.path)): \(problem.path.isEmpty ? "/" : problem.path): \(problem.message)\(remedy)"
        }
        return CommandFault(sentences.joined(separator: "\n"))
    }

    /// The line of a place, or of what it is in.
    private func line(of path: String) -> Int {
        var path = path[...]
        while true {
            if let line = lines[String(path)] { return line }
            guard let slash = path.lastIndex(of: "/") else { return 1 }
            path = path[..<slash]
        }
    }

    private static func tree(
        _ node: Node,
        path: String,
        _ lines: inout [String: Int],
        _ file: String
    ) throws -> DocumentTree {
        if let mark = node.mark, lines[path] == nil { lines[path] = mark.line }
        switch node {
        case .scalar(let scalar): return value(scalar)
        case .sequence(let sequence):
            var elements: [DocumentTree] = []
            for (index, element) in sequence.enumerated() {
                elements.append(try tree(element, path: "\(path)/\(index)", &lines, file))
            }
            return .array(elements)
        case .mapping(let mapping):
            var members: [DocumentTree.Member] = []
            for (key, value) in mapping {
                guard case .scalar(let name) = key else {
                    throw CommandFault("\(file):\(key.mark?.line ?? 1): A name is a text.")
                }
                let escaped = name.string.replacing("~", with: "~0").replacing("/", with: "~1")
                let place = "\(path)/\(escaped)"
                lines[place] = key.mark?.line
                members.append(.init(name.string, try tree(value, path: place, &lines, file)))
            }
            return .object(members)
        default:
            throw CommandFault(
                "\(file):\(node.mark?.line ?? 1): Anchors and aliases are not taken here.",
                remedy: "Write the value out."
            )
        }
    }

    private static func value(_ scalar: Node.Scalar) -> DocumentTree {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        switch scalar.string {
        case "", "~", "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: return isNumber(scalar.string) ? .number(scalar.string) : .string(scalar.string)
        }
    }

    /// Whether a text is a number as JSON has it.
    static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func digits() -> Int {
            let found = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.count
            rest = rest.dropFirst(found)
            return found
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let isZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !isZero || whole == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if let first = rest.first, first | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    private static func fault(_ error: YamlError, _ file: String) -> CommandFault {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            CommandFault("\(file):\(mark.line): \(problem) (column \(mark.column)).")
        default: CommandFault("\(file) is no YAML: \(error)")
        }
    }
}
