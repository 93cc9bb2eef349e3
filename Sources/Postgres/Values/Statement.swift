/// A statement of the program: SQL with `$1`, `$2`… and the name under which connections prepare it.
///
/// Statements are constants: a connection prepares each of them once, on first use, and keeps at most 256. The types
/// of the parameters are those of the ``Parameters`` it is first run with.
package struct Statement: Sendable {
    /// The name, unique in the program; empty for a statement that is parsed anew each time.
    package let name: String
    /// The SQL text, one command.
    package let sql: String

    /// A statement that is prepared under `name`, or not at all if that is empty.
    package init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }
}
