extension JSONWriter {
    /// Writes a key with a string, or with null.
    package mutating func member(_ name: StaticString, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    /// Writes a key with `true` or `false`.
    package mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        raw(value ? "true" : "false")
    }

    /// Writes a key with a whole number, or with null.
    @inlinable
    public mutating func member(_ name: StaticString, _ value: (some BinaryInteger)?) {
        key(name)
        if let value { raw(String(value)) } else { null() }
    }

    /// Writes a key with a number, or with null; null as well for infinities and for what is no number.
    package mutating func member(_ name: StaticString, _ value: Double?) {
        key(name)
        if let value, value.isFinite { raw("\(value)") } else { null() }
    }

    /// Writes a key with a list of strings.
    package mutating func member(_ name: StaticString, _ values: [String]) {
        key(name)
        array(values) { $0.string($1) }
    }

    /// Writes a key with a value of any kind.
    package mutating func member(_ name: StaticString, json value: JSONValue) {
        key(name)
        self.value(value)
    }
}
