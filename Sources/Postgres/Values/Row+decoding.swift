import CLibPQ

extension Row {
    /// The bytes of a column, or nil for NULL.
    func field(_ column: Int) throws(PostgresError) -> Field? {
        let pointer = result.pointer
        guard let position = Int32(exactly: column), position >= 0, position < PQnfields(pointer) else {
            throw PostgresError(.decoding, "The result has no column \(column).")
        }
        guard PQgetisnull(pointer, index, position) == 0 else { return nil }
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(pointer, index, position),
            count: Int(PQgetlength(pointer, index, position))
        )
        return Field(
            bytes: bytes,
            type: PQftype(pointer, position),
            isText: PQfformat(pointer, position) == 0
        )
    }

    func decode<Value>(
        _ column: Int,
        _ wanted: StaticString,
        _ read: (Field) -> Decoded<Value>
    ) throws(PostgresError) -> Value? {
        guard let field = try field(column) else { return nil }
        guard let value = read(field).value else { throw mismatch(column, "\(wanted)", field.type) }
        return value
    }

    func present<Value>(_ value: Value?, _ column: Int) throws(PostgresError) -> Value {
        guard let value else { throw PostgresError(.decoding, "Column \(label(column)) is NULL.") }
        return value
    }

    func mismatch(_ column: Int, _ wanted: String, _ type: UInt32) -> PostgresError {
        PostgresError(
            .decoding,
            "Column \(label(column)) cannot be read as \(wanted): its type has the OID \(type). Cast it in the query."
        )
    }

    private func label(_ column: Int) -> String {
        guard let name = PQfname(result.pointer, Int32(clamping: column)) else { return "\(column)" }
        return "\(column) “\(String(cString: name))”"
    }
}
