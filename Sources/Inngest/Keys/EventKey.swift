import Digests

/// The key for sending events.
///
/// It is part of a URL, so it is never printed.
package struct EventKey: Sendable, Hashable {
    /// The key's text, for the URL of events.
    let text: String

    /// A key; nil for a text that is not valid in a URL.
    package init?(_ text: String) {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                true
            default: false
            }
        }
        guard isPlain, 1...512 ~= text.utf8.count else { return nil }
        self.text = text
    }

    /// The hash by which Inngest identifies the key.
    package var hash: String { Hexadecimal.encode(SHA256.hash(text)) }
}

extension EventKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "…" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
