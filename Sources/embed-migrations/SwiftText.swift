/// The Swift source that holds the SQL.
enum SwiftText {
    /// The whole file.
    static func file(_ files: [SQLFile]) throws -> String {
        var rollbacks: [String: SQLFile] = [:]
        var online: [String: SQLFile] = [:]
        var versions: Set<String> = []
        for file in files {
            if case .rollback(let version) = file.kind { rollbacks[version] = file }
            if case .online(let version) = file.kind { online[version] = file }
        }
        var entries: [String] = []
        for file in files {
            guard case .migration(let version, let name) = file.kind else { continue }
            guard versions.insert(version).inserted else {
                throw EmbeddingError("\(file.path): error: a second migration has this version")
            }
            let rollback = rollbacks.removeValue(forKey: version).map { literal($0.text) } ?? "nil"
            let steps = online.removeValue(forKey: version).map { literal($0.text) } ?? "nil"
            entries.append(
                "(\nversion: \"\(version)\", name: \(literal(name)), sql: \(literal(file.text)),\nrollback: \(rollback),\n"
                    + "online: \(steps)\n)"
            )
        }
        if let stray = rollbacks.values.first ?? online.values.first {
            throw EmbeddingError("\(stray.path): error: there is no migration of this version")
        }
        let verification = files.filter { $0.kind == .verification }.map(\.text).joined(separator: "\n")
        return """
            // Made by embed-migrations from the SQL files of supabase/; edit those.
            enum EmbeddedSQL {
            typealias Entry = (version: String, name: String, sql: String, rollback: String?, online: String?)
            static let migrations: [Entry] = [\(entries.joined(separator: ",\n"))]
            static let verify: String = \(literal(verification))
            }

            """
    }

    /// A raw string literal over several lines, with more marks than any run of them in the text.
    static func literal(_ text: String) -> String {
        var longest = 0
        var run = 0
        for character in text.utf8 {
            run = character == UInt8(ascii: "#") ? run + 1 : 0
            longest = max(longest, run)
        }
        let marks = String(repeating: "#", count: longest + 1)
        return "\(marks)\"\"\"\n\(text)\n\"\"\"\(marks)"
    }
}
