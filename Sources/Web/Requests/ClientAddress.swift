import Addresses
import HTTPTypes
import Hummingbird
import NIOCore

extension WebContext {
    /// The address of the client: of the connection, or the one that a trusted proxy names.
    ///
    /// `X-Forwarded-For` is read from its end, where the nearest proxy has written, up to the first address that is not
    /// a trusted proxy. Without trusted proxies it is not read at all, because any client can write it.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - proxies: the networks of trusted proxies.
    /// - Returns: the address; nil if the connection has none, such as a Unix socket.
    func clientAddress(of request: Request, trusting proxies: [IPNetwork]) -> IPAddress? {
        let peer = channel.remoteAddress.flatMap(IPAddress.init)
        guard !proxies.isEmpty, let peer, let name = HTTPField.Name.xForwardedFor else { return peer }
        return Self.client(behind: peer, forwardedFor: request.headers[values: name], trusting: proxies)
    }

    /// The first address from the end that is not a trusted proxy.
    ///
    /// What cannot be read ends the search at the proxy that passed it on.
    static func client(
        behind peer: IPAddress,
        forwardedFor fields: [String],
        trusting proxies: [IPNetwork]
    ) -> IPAddress {
        var client = peer
        guard proxies.contains(where: { $0.contains(client) }) else { return client }
        for field in fields.reversed() {
            for part in field.split(separator: ",", omittingEmptySubsequences: false).reversed() {
                guard let address = address(in: part) else { return client }
                client = address
                guard proxies.contains(where: { $0.contains(client) }) else { return client }
            }
        }
        return client
    }

    /// An address, with or without a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
    private static func address(in text: Substring) -> IPAddress? {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            return IPAddress(text[text.index(after: text.startIndex)..<end])
        }
        if text.filter({ $0 == ":" }).count == 1, let colon = text.firstIndex(of: ":") { text = text[..<colon] }
        return IPAddress(text)
    }
}

extension IPAddress {
    /// The address of a socket, without an allocation; nil for a Unix socket.
    init?(_ socket: SocketAddress) {
        switch socket {
        // The fields of both structures are in network order: family and port, and for IPv6 a flow label, come first.
        case .v4(let address):
            self.init(
                v4: withUnsafeBytes(of: address.address) { bytes in bytes[4..<8].reduce(0) { $0 << 8 | UInt32($1) } }
            )
        case .v6(let address):
            let parsed = withUnsafeBytes(of: address.address) { Self(bytes: $0[8..<24]) }
            guard let parsed else { return nil }
            self = parsed
        case .unixDomainSocket: return nil
        }
    }
}

extension HTTPField.Name {
    static let xForwardedFor = Self("X-Forwarded-For")
}
