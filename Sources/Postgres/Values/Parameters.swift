package import FoundationEssentials

/// The parameters of one statement, in PostgreSQL's binary form: by name in any order, or by number in order.
///
/// All values share one buffer, so that a statement costs two allocations however many values it has. Nil is SQL
/// NULL; an empty text or bytea is an empty value.
package struct Parameters: Sendable {
    struct Field: Sendable {
        /// The parameter's name in the statement; nil for a numbered parameter.
        var name: StaticString?
        var type: UInt32
        var start: Int32
        /// In bytes; −1 for NULL.
        var length: Int32
    }

    private(set) var buffer: [UInt8] = []
    var fields: [Field] = []

    /// No parameters yet.
    package init() {}

    /// Reserves space for values of so many bytes.
    package mutating func reserveCapacity(bytes: Int, fields count: Int) {
        buffer.reserveCapacity(bytes)
        fields.reserveCapacity(count)
    }

    /// Names the parameter that was appended last.
    mutating func setName(_ name: StaticString) { fields[fields.count - 1].name = name }

    /// Appends a `uuid`.
    package mutating func append(_ value: UUID?) {
        append(value, as: TypeOID.uuid) { $0.write($1) }
    }

    /// Appends a `text`.
    package mutating func append(_ value: String?) {
        append(value, as: TypeOID.text) { $0.write($1) }
    }

    /// Appends an `integer`.
    package mutating func append(_ value: Int32?) {
        append(value, as: TypeOID.int4) { $0.write(integer: $1) }
    }

    /// Appends a `bigint`.
    package mutating func append(_ value: Int64?) {
        append(value, as: TypeOID.int8) { $0.write(integer: $1) }
    }

    /// Appends a `boolean`.
    package mutating func append(_ value: Bool?) {
        append(value, as: TypeOID.bool) { $0.write($1) }
    }

    /// Appends a `double precision`.
    package mutating func append(_ value: Double?) {
        append(value, as: TypeOID.float8) { $0.write(integer: $1.bitPattern) }
    }

    /// Appends a `timestamptz`.
    package mutating func append(_ value: Timestamp?) {
        append(value, as: TypeOID.timestamptz) { $0.write(integer: $1.binary) }
    }

    /// Appends a `bytea`.
    package mutating func append(_ value: [UInt8]?) {
        append(value, as: TypeOID.bytea) { $0.write($1) }
    }

    /// Appends a `jsonb` from its text; the server checks that it is JSON.
    package mutating func json(_ text: String?) {
        append(text, as: TypeOID.jsonb) {
            $0.write(integer: UInt8(1))
            $0.write($1)
        }
    }

    /// Appends a value or NULL under a type.
    mutating func append<Value>(
        _ value: Value?,
        as type: UInt32,
        write: (inout Parameters, Value) -> Void
    ) {
        let start = buffer.count
        guard let value else {
            fields.append(Field(type: type, start: Int32(clamping: start), length: -1))
            return
        }
        write(&self, value)
        fields.append(
            Field(
                type: type,
                start: Int32(clamping: start),
                length: Int32(clamping: buffer.count - start)
            )
        )
    }

    mutating func write<Value: FixedWidthInteger>(integer value: Value) {
        withUnsafeBytes(of: value.bigEndian) { buffer.append(contentsOf: $0) }
    }

    mutating func write(_ value: UUID) {
        withUnsafeBytes(of: value.uuid) { buffer.append(contentsOf: $0) }
    }

    mutating func write(_ value: String) {
        buffer.append(contentsOf: value.utf8)
    }

    mutating func write(_ value: Bool) {
        buffer.append(value ? 1 : 0)
    }

    mutating func write(_ value: [UInt8]) {
        buffer.append(contentsOf: value)
    }

    mutating func write(hexadecimal value: [UInt8]) {
        for byte in value {
            buffer.append(Self.digit(byte >> 4))
            buffer.append(Self.digit(byte & 15))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }

    /// Overwrites four bytes, once the length that belongs there is known.
    mutating func patch(_ value: Int32, at offset: Int) {
        withUnsafeBytes(of: value.bigEndian) { bytes in
            for index in 0..<4 { buffer[offset + index] = bytes[index] }
        }
    }
}
