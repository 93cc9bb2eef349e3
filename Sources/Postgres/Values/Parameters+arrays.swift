package import FoundationEssentials

extension Parameters {
    /// Appends a `uuid[]`; nil elements are NULL.
    package mutating func append(array values: [UUID?]) {
        append(array: values, of: TypeOID.uuid, as: TypeOID.uuidArray) { $0.write($1) }
    }

    /// Appends a `text[]`; nil elements are NULL.
    package mutating func append(array values: [String?]) {
        append(array: values, of: TypeOID.text, as: TypeOID.textArray) { $0.write($1) }
    }

    /// Appends a `smallint[]`; nil elements are NULL.
    package mutating func append(array values: [Int16?]) {
        append(array: values, of: TypeOID.int2, as: TypeOID.int2Array) { $0.write(integer: $1) }
    }

    /// Appends an `integer[]`; nil elements are NULL.
    package mutating func append(array values: [Int32?]) {
        append(array: values, of: TypeOID.int4, as: TypeOID.int4Array) { $0.write(integer: $1) }
    }

    /// Appends a `bigint[]`; nil elements are NULL.
    package mutating func append(array values: [Int64?]) {
        append(array: values, of: TypeOID.int8, as: TypeOID.int8Array) { $0.write(integer: $1) }
    }

    /// Appends a `timestamptz[]`; nil elements are NULL.
    package mutating func append(array values: [Timestamp?]) {
        append(array: values, of: TypeOID.timestamptz, as: TypeOID.timestamptzArray) {
            $0.write(integer: $1.binary)
        }
    }

    /// Appends a `bytea[]`; nil elements are NULL.
    package mutating func append(array values: [[UInt8]?]) {
        append(array: values, of: TypeOID.bytea, as: TypeOID.byteaArray) { $0.write($1) }
    }

    /// Appends a `uuid[]` of the values at some places, under a name; nil is NULL.
    ///
    /// The forms with a closure write from wherever the values are, without an array of them in between. They ask for a
    /// place and do not hand out an element, which would be copied whole for each of its values.
    package mutating func append(_ name: StaticString, uuids places: Range<Int>, _ value: (Int) -> UUID?) {
        append(array: places, of: TypeOID.uuid, as: TypeOID.uuidArray, value) { $0.write($1) }
        setName(name)
    }

    /// Appends a `text[]` of the values at some places, under a name; nil is NULL.
    package mutating func append(_ name: StaticString, texts places: Range<Int>, _ value: (Int) -> String?) {
        append(array: places, of: TypeOID.text, as: TypeOID.textArray, value) { $0.write($1) }
        setName(name)
    }

    /// Appends a `bytea[]` of the values at some places, under a name; nil is NULL.
    package mutating func append(_ name: StaticString, bytes places: Range<Int>, _ value: (Int) -> [UInt8]?) {
        append(array: places, of: TypeOID.bytea, as: TypeOID.byteaArray, value) { $0.write($1) }
        setName(name)
    }

    /// Appends a `text[]` of bytes as lower-case hexadecimal digits, under a name; nil is NULL.
    package mutating func append(_ name: StaticString, hexadecimal places: Range<Int>, _ value: (Int) -> [UInt8]?) {
        append(array: places, of: TypeOID.text, as: TypeOID.textArray, value) { $0.write(hexadecimal: $1) }
        setName(name)
    }

    /// Writes an array of given values.
    private mutating func append<Element>(
        array values: [Element?],
        of element: UInt32,
        as array: UInt32,
        write: (inout Parameters, Element) -> Void
    ) {
        append(array: values.indices, of: element, as: array, { values[$0] }, write: write)
    }

    /// Writes a one-dimensional array: dimensions, a flag for NULLs, the element type, size, lower bound, elements.
    private mutating func append<Element>(
        array places: Range<Int>,
        of element: UInt32,
        as array: UInt32,
        _ value: (Int) -> Element?,
        write: (inout Parameters, Element) -> Void
    ) {
        append(places, as: array) { parameters, places in
            parameters.write(integer: Int32(places.isEmpty ? 0 : 1))
            let flagOffset = parameters.buffer.count
            parameters.write(integer: Int32(0))
            parameters.write(integer: element)
            guard !places.isEmpty else { return }
            parameters.write(integer: Int32(clamping: places.count))
            parameters.write(integer: Int32(1))
            var hasNull = false
            for place in places {
                guard let value = value(place) else {
                    hasNull = true
                    parameters.write(integer: Int32(-1))
                    continue
                }
                let lengthOffset = parameters.buffer.count
                parameters.write(integer: Int32(0))
                write(&parameters, value)
                parameters.patch(
                    Int32(clamping: parameters.buffer.count - lengthOffset - 4),
                    at: lengthOffset
                )
            }
            if hasNull { parameters.patch(1, at: flagOffset) }
        }
    }
}
