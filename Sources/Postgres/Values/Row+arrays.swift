package import FoundationEssentials

extension Row {
    /// Reads a `uuid[]` without NULLs.
    package func uuidArray(_ column: Int) throws(PostgresError) -> [UUID] {
        try whole(array(column, "uuid[]") { .uuid($0) }, column)
    }

    /// Reads a `text[]`, or an array of an enumeration, without NULLs.
    package func stringArray(_ column: Int) throws(PostgresError) -> [String] {
        try whole(array(column, "text[]") { .text($0) }, column)
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

    /// Reads an array whose elements may be NULL.
    func array<Value>(
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
