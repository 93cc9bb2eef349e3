/// A key, a token or a password that is never printed.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret, for the code that sends it.
    package let exposed: String

    /// Wraps a secret.
    package init(_ text: String) { exposed = text }

    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Compares with a received value in constant time.
    package func matches(_ text: String) -> Bool {
        let own = Array(exposed.utf8)
        let other = Array(text.utf8)
        var difference = own.count ^ other.count
        for index in other.indices { difference |= Int(other[index] ^ own[index % max(1, own.count)]) }
        return difference == 0 && !own.isEmpty
    }
}
