/// The statements that one connection has prepared on the server.
struct PreparedStatements {
    /// How a statement is to be run.
    enum Plan {
        case use(String)
        case prepare(String)
        case unprepared
    }

    private struct Entry {
        let sql: String
        let types: [UInt32]
        let nameOnServer: String
    }

    /// The most prepared statements on a connection; further ones are parsed each time.
    static let limit = 256

    private var entries: [String: Entry] = [:]
    /// Makes a name unique after it was forgotten: the server may still have the old one.
    private var generation = 0

    /// Finds a statement, or records it as about to be prepared.
    ///
    /// The same name with another text or other types is another statement, and replaces the first.
    mutating func plan(_ statement: Statement, _ fields: [Parameters.Field]) -> Plan {
        guard !statement.name.isEmpty else { return .unprepared }
        if let entry = entries[statement.name] {
            if entry.types.count == fields.count, entry.sql == statement.sql,
                zip(entry.types, fields).allSatisfy({ $0 == $1.type })
            {
                return .use(entry.nameOnServer)
            }
            forget(statement.name)
        }
        guard entries.count < Self.limit else { return .unprepared }
        let name = generation == 0 ? statement.name : "\(statement.name)~\(generation)"
        entries[statement.name] = Entry(
            sql: statement.sql,
            types: fields.map(\.type),
            nameOnServer: name
        )
        return .prepare(name)
    }

    /// Drops a name whose preparation failed, or that the server no longer has.
    mutating func forget(_ name: String) {
        if entries.removeValue(forKey: name) != nil { generation += 1 }
    }

    /// Drops all names, after the server has.
    mutating func forgetAll() {
        entries = [:]
    }

    var count: Int { entries.count }
}
