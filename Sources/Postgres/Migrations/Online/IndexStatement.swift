/// A `CREATE INDEX` of a migration, parsed so that the index can be built without blocking writers.
struct IndexStatement: Sendable {
    /// The index, without schema.
    let name: String
    /// The table, as it is written.
    let table: String
    /// The whole statement.
    let sql: String
    private let kind: String
    private let definition: String

    /// Reads a statement; nil unless it is `CREATE [UNIQUE] INDEX [IF NOT EXISTS] name ON table …`.
    init?(_ statement: Substring) {
        var words = SQLWords(statement)
        func keyword(_ wanted: String) -> Bool {
            var ahead = words
            guard ahead.next()?.uppercased() == wanted else { return false }
            words = ahead
            return true
        }
        guard keyword("CREATE") else { return nil }
        kind = keyword("UNIQUE") ? "UNIQUE INDEX" : "INDEX"
        guard keyword("INDEX"), !keyword("CONCURRENTLY") else { return nil }
        if keyword("IF") { guard keyword("NOT"), keyword("EXISTS") else { return nil } }
        guard let name = words.next(), keyword("ON"), !keyword("ONLY"), let table = words.next() else { return nil }
        self.name = name
        self.table = table
        definition = String(statement[words.place...])
        sql = String(statement)
    }

    /// The same index, built while others write; must run outside a transaction.
    var concurrently: String { "CREATE \(kind) CONCURRENTLY IF NOT EXISTS \(name) ON \(table)\(definition)" }

    /// The index of one partition, which is later attached to that of the whole table.
    ///
    /// - Parameter partition: Its name as SQL has it, with its schema.
    /// - Returns: its name, and the statement that builds it.
    func concurrently(onPartition partition: String) -> (name: String, sql: String) {
        let last = partition.split(separator: ".").last.map { $0.filter { $0 != "\"" } } ?? partition
        let name = String("\(name)_\(last)".prefix(63))
        return (name, "CREATE \(kind) CONCURRENTLY IF NOT EXISTS \(name) ON \(partition)\(definition)")
    }
}
