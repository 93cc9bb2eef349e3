import Outbound

/// Hands a message to a mail server, over TLS wherever anything is secret.
///
/// `smtps://` is TLS from the first byte; `smtp://` is STARTTLS, which only a server on this machine may lack. One
/// connection a message, all of it bounded in time.
package struct SMTPClient: Sendable {
    /// How a server is reached.
    package struct Server: Sendable, Hashable {
        /// Its name.
        package let host: String
        /// Its port.
        package let port: Int
        /// Whether TLS comes first.
        package let isImplicitTLS: Bool
        /// Who we are there.
        package let user: String?
        /// And how it is proved.
        package let password: Secret?

        /// Reads `smtp[s]://[USER:PASSWORD@]HOST[:PORT]`; nil for anything else.
        package init?(url: String) {
            guard let scheme = url.firstRange(of: "://") else { return nil }
            switch url[..<scheme.lowerBound].lowercased() {
            case "smtp": isImplicitTLS = false
            case "smtps": isImplicitTLS = true
            default: return nil
            }
            var rest = url[scheme.upperBound...]
            if rest.hasSuffix("/") { rest = rest.dropLast() }
            guard !rest.contains("/") && !rest.contains("?") else { return nil }
            if let at = rest.lastIndex(of: "@") {
                let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, let user = Self.decoded(parts[0]), let word = Self.decoded(parts[1]),
                    !user.isEmpty
                else { return nil }
                self.user = user
                password = Secret(word)
                rest = rest[rest.index(after: at)...]
            } else {
                user = nil
                password = nil
            }
            let standard = isImplicitTLS ? 465 : 587
            if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
                host = String(rest[rest.index(after: rest.startIndex)..<end])
                rest = rest[rest.index(after: end)...]
            } else {
                host = String(rest.prefix { $0 != ":" })
                rest = rest.dropFirst(host.count)
            }
            guard !host.isEmpty else { return nil }
            if rest.isEmpty {
                port = standard
            } else {
                guard rest.hasPrefix(":"), let number = Int(rest.dropFirst()), 1...65535 ~= number else { return nil }
                port = number
            }
        }

        /// Whether it is on this machine.
        var isLocal: Bool { OutboundAddress("http://\(host.contains(":") ? "[\(host)]" : host)/") != nil }

        private static func decoded(_ text: Substring) -> String? {
            var bytes: [UInt8] = []
            var rest = text.utf8[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%") else {
                    bytes.append(byte)
                    continue
                }
                guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, let value = UInt8(digits, radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private let server: Server
    private let trust: String?
    private let timeout: Duration

    /// A client of a server.
    ///
    /// - Parameters:
    ///   - server: where it is.
    ///   - trust: a file of certificates to trust instead of the system's.
    ///   - timeout: how long a message may take.
    package init(server: Server, trust: String? = nil, timeout: Duration = .seconds(30)) {
        self.server = server
        self.trust = trust
        self.timeout = timeout
    }

    /// Hands over one message.
    ///
    /// - Parameters:
    ///   - from: the sender's address.
    ///   - to: the recipients' addresses; one that is refused fails the message.
    ///   - text: the whole message, lines ended by CR LF.
    /// - Throws: ``DeliveryFailure``.
    package func send(from: String, to: [String], text: String) async throws {
        var credentials: OutboundMail.Credentials?
        if let user = server.user, let password = server.password {
            credentials = .init(user: user, password: password.exposed)
        }
        let mail = OutboundMail(
            host: server.host,
            port: server.port,
            encryption: server.isImplicitTLS ? .implicit : server.isLocal ? .startTLSIfOffered : .startTLS,
            credentials: credentials,
            trustedCertificates: trust,
            from: from,
            to: to,
            text: text,
            timeout: timeout,
            addresses: .operatorDestinations
        )
        do {
            try await OutboundMailClient.send(mail)
        } catch {
            let text = error.code == .refused ? error.description : "the mail server cannot be reached: \(error)"
            throw DeliveryFailure(text, isWorthRepeating: error.isRetriable)
        }
    }
}
