package import FoundationEssentials

extension Row {
    /// Reads a `uuid[]` without NULLs.
    package func uuidArray(_ column: Int) throws(PostgresError) -> [UUID] {
        try whole(uuidArrayWithNulls(column), column)
    }

    /// Reads a `uuid[]` whose elements may be NULL.
    package func uuidArrayWithNulls(_ column: Int) throws(PostgresError) -> [UUID?] {
        try array(column, "uuid[]") { .uuid($0) }
    }

    /// Reads a `text[]`, or an array of an enumeration, without NULLs.
    package func stringArray(_ column: Int) throws(PostgresError) -> [String] {
        try whole(stringArrayWithNulls(column), column)
    }

    /// Reads a `text[]`, or an array of an enumeration, whose elements may be NULL.
    package func stringArrayWithNulls(_ column: Int) throws(PostgresError) -> [String?] {
        try array(column, "text[]") { .text($0) }
    }

    /// Reads a `smallint[]` whose elements may be NULL.
    package func int16ArrayWithNulls(_ column: Int) throws(PostgresError) -> [Int16?] {
        try array(column, "smallint[]") { .integer($0) }
    }

    /// Reads an `integer[]` whose elements may be NULL.
    package func int32ArrayWithNulls(_ column: Int) throws(PostgresError) -> [Int32?] {
        try array(column, "integer[]") { .integer($0) }
    }

    /// Reads a `bigint[]` whose elements may be NULL.
    package func int64ArrayWithNulls(_ column: Int) throws(PostgresError) -> [Int64?] {
        try array(column, "bigint[]") { .integer($0) }
    }

    /// Reads a `boolean[]` whose elements may be NULL.
    package func boolArrayWithNulls(_ column: Int) throws(PostgresError) -> [Bool?] {
        try array(column, "boolean[]") { .bool($0) }
    }

    /// Reads a `double precision[]` whose elements may be NULL.
    package func doubleArrayWithNulls(_ column: Int) throws(PostgresError) -> [Double?] {
        try array(column, "double precision[]") { .double($0) }
    }

    /// Reads a `timestamptz[]` whose elements may be NULL.
    package func timestampArrayWithNulls(_ column: Int) throws(PostgresError) -> [Timestamp?] {
        try array(column, "timestamptz[]") { .timestamp($0) }
    }

    /// Reads a `bytea[]` whose elements may be NULL.
    package func bytesArrayWithNulls(_ column: Int) throws(PostgresError) -> [[UInt8]?] {
        try array(column, "bytea[]") { .bytes($0) }
    }

    private func whole<Value>(_ values: [Value?], _ column: Int) throws(PostgresError) -> [Value] {
        var all: [Value] = []
        all.reserveCapacity(values.count)
        for value in values {
            guard let value else {
                throw PostgresError(.decoding, "The array in column \(column) holds a NULL.")
            }
            all.append(value)
        }
        return all
    }

    private func array<Value>(
        _ column: Int,
        _ wanted: String,
        _ read: (Field) -> Decoded<Value>
    ) throws(PostgresError) -> [Value?] {
        let field = try present(field(column), column)
        guard !field.isText, let values = ArrayReader(field.bytes).values(read) else {
            throw mismatch(column, wanted, field.type)
        }
        return values
    }
}

/// Reads the binary form of a one-dimensional array, trusting no length in it.
struct ArrayReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The elements, or nil if this is no array of at most one dimension, or an element is of another type.
    func values<Value>(_ read: (Field) -> Decoded<Value>) -> [Value?]? {
        var reader = self
        return reader.readAll(read)
    }

    private mutating func readAll<Value>(_ read: (Field) -> Decoded<Value>) -> [Value?]? {
        guard let dimensions = int32(), int32() != nil, let type = int32() else { return nil }
        if dimensions == 0 { return [] }
        guard dimensions == 1, let count = int32(), int32() != nil, count >= 0, count <= bytes.count / 4
        else {
            return nil
        }
        var values: [Value?] = []
        values.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let length = int32() else { return nil }
            if length < 0 {
                values.append(nil)
                continue
            }
            guard Int(length) <= bytes.count - position else { return nil }
            let part = UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(length)])
            position += Int(length)
            let field = Field(bytes: part, type: UInt32(bitPattern: type), isText: false)
            guard let value = read(field).value else { return nil }
            values.append(value)
        }
        return values
    }

    private mutating func int32() -> Int32? {
        guard bytes.count - position >= 4 else { return nil }
        defer { position += 4 }
        return Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self))
    }
}
