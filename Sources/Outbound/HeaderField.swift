/// One field of an HTTP header.
package struct HeaderField: Sendable, Hashable {
    /// The field's name.
    package let name: String
    /// The field's value.
    package let value: String

    /// A field of this name and value.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
