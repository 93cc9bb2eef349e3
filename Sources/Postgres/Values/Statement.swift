/// A statement of the program: SQL with named parameters, and the name under which connections prepare it.
///
/// In the text a parameter is `:name`. It becomes `$1`, `$2`… in the order in which names first appear, once, when the
/// value is made; ``Parameters`` carry the names, and are put in that order when the statement is run. A text may hold
/// `$1`, `$2`… instead; then its ``Parameters`` have no names.
///
/// Statements are constants: a connection prepares each of them once, on first use, and keeps at most 256. The types of
/// the parameters are those of the ``Parameters`` it is first run with.
package struct Statement: Sendable {
    /// The name, unique in the program; empty for a statement that is parsed each time.
    package let name: String
    /// The SQL text as it is sent, one command.
    package let sql: String
    /// The names of the parameters, that of `$1` first.
    ///
    /// Empty if the text numbers its parameters.
    package let parameterNames: [String]

    /// A statement that is prepared under `name`, or not at all if that is empty.
    ///
    /// A text that both names and numbers parameters ends the process.
    package init(_ name: String, _ text: String) {
        let placeholders = NamedPlaceholders(text)
        precondition(
            placeholders.names.isEmpty || !placeholders.hasNumbered,
            "The statement \(name) both names and numbers parameters."
        )
        self.name = name
        sql = placeholders.sql
        parameterNames = placeholders.names
    }
}

extension Parameters {
    /// These parameters in the order of a statement.
    ///
    /// Costs a comparison for each name when they are in that order already. Missing, extra or misspelt names are a
    /// programming error: a debug build ends at once.
    ///
    /// - Throws: `PostgresError` with `configuration` if the names are not those of the statement.
    func arranged(for statement: Statement) throws(PostgresError) -> Parameters {
        do {
            return try matched(with: statement)
        } catch {
            assertionFailure(error.message)
            throw error
        }
    }

    /// ``arranged(for:)`` without ending the process.
    func matched(with statement: Statement) throws(PostgresError) -> Parameters {
        let names = statement.parameterNames
        guard !names.isEmpty else {
            guard fields.allSatisfy({ $0.name == nil }) else { throw mismatch(with: statement) }
            return self
        }
        guard names.count == fields.count else { throw mismatch(with: statement) }
        if zip(names, fields).allSatisfy({ $1.isNamed($0) }) { return self }
        var ordered: [Field] = []
        ordered.reserveCapacity(names.count)
        for name in names {
            guard let field = fields.first(where: { $0.isNamed(name) }) else { throw mismatch(with: statement) }
            ordered.append(field)
        }
        var arranged = self
        arranged.fields = ordered
        return arranged
    }

    private func mismatch(with statement: Statement) -> PostgresError {
        let given = fields.map { $0.name.map { "\($0)" } ?? "?" }
        return PostgresError(
            .configuration,
            """
            The statement \(statement.name.isEmpty ? String(statement.sql.prefix(60)) : statement.name) has the parameters \
            \(statement.parameterNames.joined(separator: ", ")); given were \(given.joined(separator: ", ")).
            """
        )
    }
}

extension Parameters.Field {
    fileprivate func isNamed(_ other: String) -> Bool {
        guard let name else { return false }
        return name.withUTF8Buffer { $0.elementsEqual(other.utf8) }
    }
}
