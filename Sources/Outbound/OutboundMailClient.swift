import CLibCurl

/// A mail to hand over, and the mail server that takes it.
package struct OutboundMail: Sendable {
    /// The user's name and password at the mail server.
    package struct Credentials: Sendable, CustomStringConvertible, CustomReflectable {
        let user: String
        let password: String

        /// A name and a password.
        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }

        package var description: String { "•••" }
        package var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// How the connection is encrypted.
    package enum Encryption: Sendable, Hashable {
        /// TLS from the first byte (`smtps`).
        case implicit
        /// STARTTLS; a server that does not offer it gets nothing.
        case startTLS
        /// STARTTLS where the server offers it: for servers on this machine alone.
        case startTLSIfOffered
    }

    /// The server's name or address.
    package var host: String
    /// The server's port.
    package var port: Int
    /// How the connection is encrypted.
    package var encryption: Encryption
    /// The user's name and password; nil: no login.
    package var credentials: Credentials?
    /// A file of certificates to trust instead of the system's; nil: the system's.
    package var trustedCertificates: String?
    /// The sender's address.
    package var from: String
    /// The recipients' addresses; if one is refused the mail fails.
    package var to: [String]
    /// The whole message, lines ended by CR LF.
    package var text: String
    /// How long everything may take.
    package var timeout: Duration
    /// The addresses that may be connected to.
    package var addresses: AddressGuard

    /// A mail of these parts.
    package init(
        host: String,
        port: Int,
        encryption: Encryption,
        credentials: Credentials? = nil,
        trustedCertificates: String? = nil,
        from: String,
        to: [String],
        text: String,
        timeout: Duration = .seconds(30),
        addresses: AddressGuard = AddressGuard()
    ) {
        self.addresses = addresses
        self.host = host
        self.port = port
        self.encryption = encryption
        self.credentials = credentials
        self.trustedCertificates = trustedCertificates
        self.from = from
        self.to = to
        self.text = text
        self.timeout = timeout
    }
}

/// Hands mails to mail servers by SMTP, on the thread that ``OutboundHTTPClient`` uses.
package enum OutboundMailClient {
    /// Hands over one mail, on a connection of its own; returns when the server has accepted it.
    ///
    /// Passwords are sent by AUTH PLAIN or AUTH LOGIN, over TLS or to this machine.
    ///
    /// - Throws: ``OutboundError``; a refusal of the server holds its code, and with 5xx it is not retriable.
    package static func send(_ mail: OutboundMail) async throws(OutboundError) {
        let transfer = try Transfer(bodyLimit: .init(bytes: 64 << 10, isKept: false))
        try configure(transfer, for: mail)
        guard case .failure(let error) = await transfer.run() else { return }
        // A refusal ends the connection in many ways; its code says more than any of them.
        guard error.code != .cancelled, error.code != .tls, let code = transfer.responseCode, code >= 400 else {
            throw error
        }
        throw OutboundError(.refused, "the mail server answered \(code)", isRetriable: code < 500)
    }

    private static func configure(_ transfer: Transfer, for mail: OutboundMail) throws(OutboundError) {
        let isImplicit = mail.encryption == .implicit
        let host = mail.host.contains(":") ? "[\(mail.host)]" : mail.host
        // The path is the name in EHLO.
        try transfer.set(CURLOPT_URL, "\(isImplicit ? "smtps" : "smtp")://\(host):\(mail.port)/switchyard")
        try transfer.allow(schemes: "smtp,smtps", switchyard_curl_smtp)
        let isOptional = mail.encryption == .startTLSIfOffered
        try transfer.set(
            CURLOPT_USE_SSL,
            isOptional ? switchyard_curl_starttls_if_offered : switchyard_curl_starttls
        )
        if let file = mail.trustedCertificates { try transfer.set(CURLOPT_CAINFO, file) }
        try transfer.set(CURLOPT_PROXY, "")
        try transfer.guardConnections(by: mail.addresses)
        try transfer.set(CURLOPT_TIMEOUT_MS, max(1, mail.timeout.milliseconds))
        try transfer.set(CURLOPT_CONNECTTIMEOUT_MS, OutboundHTTPClient.connectTimeout.milliseconds)
        try transfer.set(CURLOPT_FRESH_CONNECT, 1)
        try transfer.set(CURLOPT_FORBID_REUSE, 1)
        if let credentials = mail.credentials {
            try transfer.set(CURLOPT_USERNAME, credentials.user)
            try transfer.set(CURLOPT_PASSWORD, credentials.password)
            try transfer.set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN")
            try transfer.set(CURLOPT_SASL_IR, 1)
        }
        try transfer.set(CURLOPT_MAIL_FROM, "<\(mail.from)>")
        try transfer.set(CURLOPT_MAIL_RCPT, list: mail.to.map { "<\($0)>" })
        try transfer.setUpload(Array(mail.text.utf8))
    }
}
