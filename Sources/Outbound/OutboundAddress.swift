/// An address that secrets or alerts may be sent to: https, or this machine.
package struct OutboundAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address.
    package let text: String

    /// Takes an address; nil for what is neither https nor loopback.
    package init?(_ text: String) {
        let lower = text.lowercased()
        let rest: Substring
        if lower.hasPrefix("https://") {
            rest = lower.dropFirst(8)
        } else if lower.hasPrefix("http://") {
            rest = lower.dropFirst(7)
            let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            let host = (authority.split(separator: "@").last ?? "").drop { $0 == "[" }
            let name = host.hasPrefix("::1]") ? "::1" : String(host.prefix { $0 != ":" })
            guard name == "localhost" || name == "::1" || Self.isLoopback(name) else { return nil }
        } else {
            return nil
        }
        guard let first = rest.first, first != "/", !text.contains(where: \.isWhitespace) else { return nil }
        self.text = text
    }

    /// Four numbers that begin with 127; a name that begins so may be any host's.
    private static func isLoopback(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
    }

    /// Paths of webhooks are secrets.
    package var description: String { "•••" }
}
