import FoundationEssentials
import Postgres

/// The Swift files of the stores, read for their statements and for the names that call sites bind.
struct StoreSources {
    /// A dictionary literal of parameters at a call site.
    struct Binding {
        /// The file, for messages.
        let place: String
        /// The type around it.
        let store: String
        /// The names in the literal.
        let names: Set<String>
        /// Names that are appended to it under a condition.
        let optional: Set<String>
        /// The statements that it is passed to, as far as they are named there: `Store.constant`.
        let statements: Set<String>

        /// Whether these are the names of a statement.
        func fits(_ statement: Statement) -> Bool {
            let wanted = Set(statement.parameterNames)
            return names.isSubset(of: wanted) && wanted.isSubset(of: names.union(optional))
        }
    }

    /// `Store.constant` of every constant statement.
    private(set) var statements: Set<String> = []
    /// Every binding.
    private(set) var bindings: [Binding] = []

    init() throws {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = package.appending(path: "Sources/LeadStore").path
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder) where path.hasSuffix(".swift") {
            let data = try Data(contentsOf: URL(filePath: folder + "/" + path))
            read(String(decoding: data, as: UTF8.self), path)
        }
    }

    private mutating func read(_ text: String, _ path: String) {
        for match in text.matches(of: /static let (\w+) = (?:Statement\(|openReplay\()/) {
            statements.insert("\(Self.type(in: text, at: match.range.lowerBound)).\(match.1)")
        }
        for match in text.matches(of: /\[\s*"[a-z_]+": \.[A-Za-z0-9]+\(/) {
            bindings.append(Self.binding(in: text, at: match.range.lowerBound, path))
        }
    }

    private static func binding(in text: String, at start: String.Index, _ path: String) -> Binding {
        let store = type(in: text, at: start)
        let literal = literal(in: text, from: start)
        let names = Set(literal.text.matches(of: /(?:^|[\[,]\s*)"([a-z_]+)": \./).map { String($0.1) })
        let before = text[..<start]
        var optional: Set<String> = []
        var called: Set<String> = []
        func call(_ owner: Substring?, _ constant: Substring) {
            let owner = owner.map(String.init) ?? "Self"
            called.insert("\(owner == "Self" ? store : owner).\(constant)")
        }
        if let match = before.suffix(200).firstMatch(of: /(?:(\w+)\.)?(\w+),\s*$/) {
            call(match.1, match.2)
        } else if let match = before.suffix(80).firstMatch(of: /(?:let|var) (\w+): Parameters = $/) {
            let rest = text[literal.end...]
            // To the end of the function.
            let body = rest.firstRange(of: "\n    }\n").map { rest[..<$0.lowerBound] } ?? rest
            for use in body.matches(of: /(?:(\w+)\.)?(\w+), (\w+)\b/) where use.3 == match.1 { call(use.1, use.2) }
            for append in body.matches(of: /(\w+)\.append\("([a-z_]+)"/) where append.1 == match.1 {
                optional.insert(String(append.2))
            }
        }
        return Binding(place: path, store: store, names: names, optional: optional, statements: called)
    }

    /// A literal to its closing bracket, with what is inside nested brackets and parentheses left out.
    private static func literal(in text: String, from start: String.Index) -> (text: String, end: String.Index) {
        var depth = 0
        var shallow = ""
        for index in text[start...].indices {
            let character = text[index]
            if character == "[" || character == "(" { depth += 1 }
            if depth == 1 || depth == 2 && character == "(" { shallow.append(character) }
            if character == "]" || character == ")" { depth -= 1 }
            if depth == 0 { return (shallow, text.index(after: index)) }
        }
        return (shallow, text.endIndex)
    }

    /// The type whose declaration or extension a place is in.
    private static func type(in text: String, at place: String.Index) -> String {
        let types = text[..<place]
            .matches(of: /(?:^|\n)(?:package |private )?(?:struct|extension|enum|final class) (\w+)/)
        return types.last.map { String($0.1) } ?? ""
    }
}
