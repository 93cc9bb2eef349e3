/// A request to another server.
package struct OutsideRequest: Sendable, Hashable {
    /// Where it goes; may hold a key, so it is never logged.
    package let url: String
    /// Names and values.
    package let headers: [Header]
    /// The bytes of the body.
    package let body: [UInt8]
    /// How long the whole may take.
    package let timeout: Duration

    /// One field of the header.
    package struct Header: Sendable, Hashable {
        /// Its name.
        package let name: String
        /// Its value.
        package let value: String

        /// A field.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A POST.
    package init(url: String, headers: [Header], body: [UInt8], timeout: Duration = .seconds(10)) {
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// What came back.
package struct OutsideAnswer: Sendable, Hashable {
    /// The status.
    package let status: Int
    /// After how many seconds to try again, if it was said.
    package let retryAfter: Double?

    /// An answer.
    package init(status: Int, retryAfter: Double? = nil) {
        self.status = status
        self.retryAfter = retryAfter
    }
}

/// Sends requests; the composition root has an HTTP client, tests have something else.
package protocol HTTPSending: Sendable {
    /// Sends a POST, and returns when it is answered. Redirects are not followed: they could lead anywhere.
    func post(_ request: OutsideRequest) async throws -> OutsideAnswer
}

extension HTTPSending {
    /// Sends an alert's message, and throws what the answer means.
    func deliver(_ request: OutsideRequest) async throws {
        let answer: OutsideAnswer
        do {
            answer = try await post(request)
        } catch {
            throw DeliveryFailure("no answer (\(type(of: error)))")
        }
        switch answer.status {
        case 200..<300: return
        case 408, 425, 429, 500...: throw DeliveryFailure("status \(answer.status)")
        default: throw DeliveryFailure("refused with status \(answer.status)", isWorthRepeating: false)
        }
    }
}

/// An address that secrets or alerts may be sent to: https, or this machine.
package struct OutsideAddress: Sendable, Hashable, CustomStringConvertible {
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

    /// Four numbers that begin with 127: a name that begins so belongs to another host.
    private static func isLoopback(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
    }

    /// Paths of webhooks are secrets.
    package var description: String { "•••" }
}
