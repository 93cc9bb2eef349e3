import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL

/// Hands a message to a mail server, over TLS wherever anything is secret.
///
/// `smtps://` is TLS from the first byte; `smtp://` asks for STARTTLS and, unless the server is on this machine, insists
/// on it. One connection a message, all of it bounded in time. AUTH PLAIN and LOGIN, only over TLS or on this machine.
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
        var isLocal: Bool { OutsideAddress("http://\(host.contains(":") ? "[\(host)]" : host)/") != nil }

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
    private let timeout: TimeAmount

    /// A client of a server.
    ///
    /// - Parameters:
    ///   - server: where it is.
    ///   - trust: a file of certificates to trust instead of the system's.
    ///   - timeout: how long a message may take.
    package init(server: Server, trust: String? = nil, timeout: Duration = .seconds(30)) {
        self.server = server
        self.trust = trust
        self.timeout = .nanoseconds(timeout.nanoseconds)
    }

    /// Hands over one message.
    ///
    /// - Parameters:
    ///   - from: the sender's address.
    ///   - to: the recipients' addresses; one that is refused fails the message.
    ///   - text: the whole message, lines ended by CR LF.
    /// - Throws: ``DeliveryFailure``.
    package func send(from: String, to: [String], text: String) async throws {
        do {
            let channel = try await connect()
            let deadline = channel.channel.eventLoop.scheduleTask(in: timeout) {
                channel.channel.close(promise: nil)
            }
            defer { deadline.cancel() }
            try await channel.executeThenClose { inbound, outbound in
                var talk = Conversation(inbound.makeAsyncIterator(), outbound)
                try await converse(&talk, channel.channel, from: from, to: to, text: text)
            }
        } catch let failure as DeliveryFailure {
            throw failure
        } catch {
            throw DeliveryFailure("the mail server cannot be reached (\(type(of: error)))")
        }
    }

    private func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        let isImplicitTLS = server.isImplicitTLS
        let context = isImplicitTLS ? try tls() : nil
        let name = serverName
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(10))
            .connect(host: server.host, port: server.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: name)
                        )
                    }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
    }

    private func converse(
        _ talk: inout Conversation,
        _ channel: any Channel,
        from: String,
        to: [String],
        text: String
    ) async throws {
        try await talk.expect(220)
        var hello = try await talk.ask("EHLO switchyard", 250)
        var isSecret = server.isImplicitTLS
        if !isSecret, hello.capability("STARTTLS") != nil {
            try await talk.ask("STARTTLS", 220)
            // Whatever follows the answer was inserted by an attacker who wants it read as part of the TLS session.
            guard talk.isUpToDate else { throw DeliveryFailure("the mail server talks out of turn") }
            let context = try tls()
            let name = serverName
            try await channel.eventLoop
                .submit {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: name),
                        position: .first
                    )
                }
                .get()
            isSecret = true
            hello = try await talk.ask("EHLO switchyard", 250)
        }
        guard isSecret || server.isLocal else {
            throw DeliveryFailure("the mail server offers no STARTTLS", isWorthRepeating: false)
        }
        if let user = server.user, let password = server.password {
            try await logIn(&talk, hello.capability("AUTH") ?? [], user, password)
        }
        try await talk.ask("MAIL FROM:<\(from)>", 250)
        for address in to { try await talk.ask("RCPT TO:<\(address)>", 250, 251) }
        try await talk.ask("DATA", 354)
        let stuffed = text.split(separator: "\r\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix(".") ? "." + $0 : String($0) }
            .joined(separator: "\r\n")
        try await talk.ask(stuffed + ".", 250)
        // It is delivered by now: what the server says to the farewell changes nothing.
        _ = try? await talk.ask("QUIT", 221)
    }

    private func logIn(_ talk: inout Conversation, _ ways: [String], _ user: String, _ password: Secret) async throws {
        func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
        if ways.contains("PLAIN") {
            try await talk.ask("AUTH PLAIN " + base64("\0\(user)\0\(password.exposed)"), 235)
        } else if ways.contains("LOGIN") {
            try await talk.ask("AUTH LOGIN", 334)
            try await talk.ask(base64(user), 334)
            try await talk.ask(base64(password.exposed), 235)
        } else {
            throw DeliveryFailure("the mail server offers neither AUTH PLAIN nor LOGIN", isWorthRepeating: false)
        }
    }

    private var serverName: String? {
        // An address is no name that a certificate could be asked for by SNI.
        (try? SocketAddress(ipAddress: server.host, port: server.port)) == nil ? server.host : nil
    }

    private func tls() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let trust { configuration.trustRoots = .file(trust) }
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Commands and answers in turn.
private struct Conversation {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var arrived: [UInt8] = []

    init(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    var isUpToDate: Bool { arrived.isEmpty }

    /// Sends a command, whose answer has to have one of the codes; the command is never part of an error.
    @discardableResult
    mutating func ask(_ command: String, _ codes: Int...) async throws -> SMTPReply {
        try await outbound.write(ByteBuffer(string: command + "\r\n"))
        return try await next(codes)
    }

    @discardableResult
    mutating func expect(_ codes: Int...) async throws -> SMTPReply { try await next(codes) }

    private mutating func next(_ codes: [Int]) async throws -> SMTPReply {
        while true {
            if let reply = try SMTPReply.take(from: &arrived) {
                guard codes.contains(reply.code) else {
                    throw DeliveryFailure(
                        "the mail server answered \(reply.code)",
                        isWorthRepeating: reply.code < 500
                    )
                }
                return reply
            }
            guard let buffer = try await inbound.next() else {
                throw DeliveryFailure("the mail server closed the connection")
            }
            arrived.append(contentsOf: buffer.readableBytesView)
        }
    }
}
