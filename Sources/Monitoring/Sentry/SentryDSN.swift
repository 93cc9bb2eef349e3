package import Outbound

/// The address of a Sentry project: `https://KEY@HOST[/PATH]/PROJECT`.
package struct SentryDSN: Sendable, Hashable, CustomStringConvertible {
    /// Where envelopes go.
    package let address: OutboundAddress
    /// The public key.
    let key: Secret

    /// Parses a DSN; nil for anything else, including http to another machine.
    package init?(_ text: String) {
        guard let scheme = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"), scheme.upperBound < at else {
            return nil
        }
        let user = text[scheme.upperBound..<at].split(separator: ":").first ?? ""
        var path = text[text.index(after: at)...]
        if path.hasSuffix("/") { path = path.dropLast() }
        guard !user.isEmpty, let slash = path.lastIndex(of: "/"),
            path[path.index(after: slash)...].allSatisfy(\.isNumber), path.index(after: slash) < path.endIndex,
            let address = OutboundAddress(
                "\(text[..<scheme.lowerBound])://\(path[..<slash])/api/\(path[path.index(after: slash)...])/envelope/"
            )
        else { return nil }
        self.address = address
        key = Secret(String(user))
    }

    package var description: String { "•••" }
}
