/// An HTTP proxy that requests to other hosts go through.
package struct OutboundProxy: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// Its address; it may hold a password, so it is never logged.
    let url: String
    /// What is reached directly: this machine.
    static let exceptions = "localhost,127.0.0.0/8,::1"

    /// Takes `http[s]://[USER:PASSWORD@]HOST[:PORT]`; nil for anything else.
    package init?(_ text: String) {
        let lower = text.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else { return nil }
        let host = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let rest = text.dropFirst(scheme.count + host.count)
        guard !host.isEmpty, host.last != "@", rest.isEmpty || rest == "/",
            !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F })
        else { return nil }
        url = text
    }

    package var description: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
