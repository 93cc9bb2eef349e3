import CLibCurl

/// The HTTP client for all requests to other systems; libcurl does the work, on one thread for the process.
///
/// Every request is bounded: in time as a whole (a response that trickles in ends with it), in the bytes of its response,
/// and in reach, since redirects are not followed and ``AddressGuard`` decides what is connected to. Connections are kept
/// and used again. The process's environment decides nothing: a proxy is used when ``proxy`` names one.
package struct OutboundHTTPClient: HTTPTransport {
    /// How long a connection may take to be made, TLS included.
    static let connectTimeout = Duration.seconds(10)
    /// How many bytes of an ignored body are read to keep the connection; a longer body closes it.
    static let ignoredBodyBytes = 64 << 10

    /// The value of `User-Agent`.
    package let userAgent: String
    /// The proxy for requests to other hosts; nil: requests go out directly.
    package let proxy: OutboundProxy?
    /// The addresses that may be connected to.
    package let addresses: AddressGuard

    /// A file of certificates to trust instead of the system's; nil: the system's.
    let trustedCertificates: String?
    /// Addresses of names instead of the resolver's, as `NAME:PORT:ADDRESS`; for tests.
    let resolving: [String]

    /// A client that trusts the system's certificates; it needs no shutdown.
    ///
    /// - Parameters:
    ///   - userAgent: the value of `User-Agent`.
    ///   - proxy: the proxy for requests to other hosts; nil: requests go out directly.
    ///   - addresses: the addresses that may be connected to; by default what a tenant may reach. Through a proxy, the
    ///     proxy resolves names and decides; only hosts that are written as addresses are judged here.
    package init(userAgent: String, proxy: OutboundProxy? = nil, addresses: AddressGuard = AddressGuard()) {
        self.init(userAgent: userAgent, proxy: proxy, addresses: addresses, trustedCertificates: nil)
    }

    init(
        userAgent: String,
        proxy: OutboundProxy? = nil,
        addresses: AddressGuard = AddressGuard(),
        trustedCertificates: String?,
        resolving: [String] = []
    ) {
        self.userAgent = userAgent
        self.proxy = proxy
        self.addresses = addresses
        self.trustedCertificates = trustedCertificates
        self.resolving = resolving
    }

    package func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        let transfer = try Transfer(bodyLimit: request.responseBody.limit)
        try configure(transfer, for: request)
        switch await transfer.run() {
        case .success(let status): return OutboundResponse(status: status, body: transfer.body)
        case .failure(let error):
            // Where only the status counts, it is the response; an interim one (1xx) is none.
            guard request.responseBody == .ignored, error.code != .cancelled, let status = transfer.responseCode,
                status >= 200
            else { throw error }
            return OutboundResponse(status: status)
        }
    }

    private func configure(_ transfer: Transfer, for request: OutboundRequest) throws(OutboundError) {
        guard !request.url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw OutboundError(.invalidRequest, "the address holds a space or a control character", isRetriable: false)
        }
        try transfer.set(CURLOPT_URL, request.url)
        try transfer.allow(schemes: "http,https", switchyard_curl_http)
        try transfer.set(CURLOPT_FOLLOWLOCATION, 0)
        try transfer.set(CURLOPT_TIMEOUT_MS, max(1, request.timeout.milliseconds))
        try transfer.set(CURLOPT_CONNECTTIMEOUT_MS, Self.connectTimeout.milliseconds)
        try transfer.set(CURLOPT_PROXY, proxy?.url ?? "")
        if let trustedCertificates { try transfer.set(CURLOPT_CAINFO, trustedCertificates) }
        try transfer.set(CURLOPT_RESOLVE, list: resolving)
        try guardConnections(of: transfer, to: request)
        let isPlainGet = request.method == "GET" && request.body.isEmpty
        if !isPlainGet {
            try transfer.set(CURLOPT_POST, 1)
            try transfer.setBody(request.body)
            try transfer.set(CURLOPT_CUSTOMREQUEST, request.method)
        }
        try transfer.setHeaders(headers(of: request))
    }

    /// Restricts what is connected to: the addresses of the host, or the proxy alone.
    private func guardConnections(of transfer: Transfer, to request: OutboundRequest) throws(OutboundError) {
        guard proxy != nil else { return try transfer.guardConnections(by: addresses) }
        guard addresses != .operatorDestinations else {
            try transfer.set(CURLOPT_NOPROXY, OutboundProxy.exceptions)
            return try transfer.guardConnections(by: addresses)
        }
        // Without exceptions: nothing is connected to but the proxy, whose own address the operator has chosen.
        try transfer.set(CURLOPT_NOPROXY, "")
        guard let host = DestinationHost(ofURL: request.url) else {
            throw OutboundError(.invalidRequest, "the address is malformed", isRetriable: false)
        }
        guard host.isAllowed(by: addresses) else { throw .refusedAddress }
        try transfer.guardConnections(by: nil)
    }

    private func headers(of request: OutboundRequest) throws(OutboundError) -> [String] {
        // A name without a value removes a field that libcurl would add.
        var lines = ["User-Agent: \(userAgent)", "Expect:"]
        if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        for field in request.headers {
            guard field.isWellFormed else {
                throw OutboundError(.invalidRequest, "a header field is malformed", isRetriable: false)
            }
            // With a semicolon instead of a colon libcurl sends an empty value.
            lines.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        return lines
    }
}

extension OutboundRequest.ResponseBody {
    fileprivate var limit: Transfer.BodyLimit {
        switch self {
        case .ignored: .init(bytes: OutboundHTTPClient.ignoredBodyBytes, isKept: false)
        case .upTo(let bytes): .init(bytes: bytes, isKept: true)
        }
    }
}

extension HeaderField {
    /// Whether the field is one line, and its name a token (RFC 9110).
    fileprivate var isWellFormed: Bool {
        let marks = Array("!#$%&'*+-.^_`|~".utf8)
        return !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: marks.contains(byte)
                }
            } && value.utf8.allSatisfy { $0 != 0 && $0 != 0x0A && $0 != 0x0D }
    }
}
