import CLibPQ
import FoundationEssentials

/// The bytes of one value and what PostgreSQL says about them.
struct Field {
    let bytes: UnsafeRawBufferPointer
    let type: UInt32
    let isText: Bool

    func loadInteger<Value: FixedWidthInteger>(as: Value.Type) -> Value? {
        guard bytes.count == MemoryLayout<Value>.size else { return nil }
        return Value(bigEndian: bytes.loadUnaligned(as: Value.self))
    }

    var string: String? { String(validating: bytes, as: UTF8.self) }
}

/// A value read from a field, or nil if the field holds something else.
struct Decoded<Value> {
    let value: Value?

    static func of(_ value: Value?) -> Decoded { Decoded(value: value) }
}

extension Decoded where Value == UUID {
    static func uuid(_ field: Field) -> Decoded {
        if field.isText { return .of(field.string.flatMap { UUID(uuidString: $0) }) }
        guard field.type == TypeOID.uuid, field.bytes.count == 16 else { return .of(nil) }
        return .of(UUID(uuid: field.bytes.loadUnaligned(as: uuid_t.self)))
    }
}

extension Decoded where Value == String {
    static func text(_ field: Field) -> Decoded {
        if field.isText || !TypeOID.notText.contains(field.type) {
            guard !field.isText, field.type == TypeOID.jsonb else { return .of(field.string) }
            guard field.bytes.first == 1 else { return .of(nil) }
            return .of(
                String(validating: UnsafeRawBufferPointer(rebasing: field.bytes.dropFirst()), as: UTF8.self)
            )
        }
        return .of(nil)
    }
}

extension Decoded where Value: FixedWidthInteger {
    static func integer(_ field: Field) -> Decoded {
        if field.isText { return .of(field.string.flatMap { Value($0) }) }
        return switch field.type {
        case TypeOID.int8:
            .of(field.loadInteger(as: Int64.self).flatMap { Value.bitWidth >= 64 ? Value($0) : nil })
        case TypeOID.int4:
            .of(field.loadInteger(as: Int32.self).flatMap { Value.bitWidth >= 32 ? Value($0) : nil })
        case TypeOID.int2: .of(field.loadInteger(as: Int16.self).map { Value($0) })
        case TypeOID.oid:
            .of(field.loadInteger(as: UInt32.self).flatMap { Value.bitWidth >= 64 ? Value($0) : nil })
        default: .of(nil)
        }
    }
}

extension Decoded where Value == Bool {
    static func bool(_ field: Field) -> Decoded {
        if field.isText { return .of(field.string == "t" ? true : field.string == "f" ? false : nil) }
        guard field.type == TypeOID.bool, field.bytes.count == 1 else { return .of(nil) }
        return .of(field.bytes[0] != 0)
    }
}

extension Decoded where Value == Double {
    static func double(_ field: Field) -> Decoded {
        if field.isText { return .of(field.string.flatMap { Double($0) }) }
        return switch field.type {
        case TypeOID.float8: .of(field.loadInteger(as: UInt64.self).map { Double(bitPattern: $0) })
        case TypeOID.float4:
            .of(field.loadInteger(as: UInt32.self).map { Double(Float(bitPattern: $0)) })
        default: .of(nil)
        }
    }
}

extension Decoded where Value == Timestamp {
    static func timestamp(_ field: Field) -> Decoded {
        guard !field.isText, field.type == TypeOID.timestamptz || field.type == TypeOID.timestamp else {
            return .of(nil)
        }
        return .of(field.loadInteger(as: Int64.self).map { Timestamp(binary: $0) })
    }
}

extension Decoded where Value == [UInt8] {
    static func bytes(_ field: Field) -> Decoded {
        guard !field.isText, field.type == TypeOID.bytea else { return .of(nil) }
        return .of(Array(field.bytes))
    }
}
