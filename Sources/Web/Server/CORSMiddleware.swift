import HTTPTypes
import Hummingbird

/// The pages of other origins whose scripts may call the API from a browser.
///
/// Callers send their key in a header, and a cookie counts from this server's own pages only, so credentials are never
/// allowed: a page of another origin can do nothing with what the browser knows of its user.
package enum CORSPolicy: Sendable, Hashable {
    /// None.
    case none
    /// All.
    case any
    /// Pages of these origins, as browsers send them: `https://app.example.com`.
    case origins(Set<String>)

    /// Reads a setting: `*`, or origins with commas between them; nil for any other text.
    package init?(_ text: String) {
        let parts = text.split(separator: ",").map { $0.filter { $0 != " " } }
        if parts == ["*"] {
            self = .any
            return
        }
        guard !parts.isEmpty, parts.allSatisfy(Self.isOrigin) else { return nil }
        self = .origins(Set(parts))
    }

    /// Whether a text is an origin as browsers send it: a scheme and a host in lower case, and a port that is not the
    /// scheme's own.
    private static func isOrigin(_ text: String) -> Bool {
        let (scheme, usual) = text.hasPrefix("https://") ? ("https://", "443") : ("http://", "80")
        guard text.hasPrefix(scheme) else { return false }
        var host = text.dropFirst(scheme.count)
        var port: Substring?
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            port = host[host.index(after: colon)...]
            host = host[..<colon]
        }
        if let port {
            guard let number = Int(port), 1...65535 ~= number, String(number) == port, port != usual else {
                return false
            }
        }
        let isAddress = host.hasPrefix("[") && host.hasSuffix("]")
        let name = isAddress ? host.dropFirst().dropLast() : host
        return !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."):
                    true
                case UInt8(ascii: ":"): isAddress
                case UInt8(ascii: "-"): !isAddress
                default: false
                }
            }
    }

    /// The value of `Access-Control-Allow-Origin` for a page's origin; nil if it may not call.
    func allowing(_ origin: String) -> String? {
        switch self {
        case .none: nil
        case .any: "*"
        case .origins(let origins): origins.contains(origin) ? origin : nil
        }
    }
}

/// Tells browsers which pages of other origins may call the API.
///
/// A preflight is an OPTIONS request, which every path answers with its methods and without a key; here it gets the
/// headers that the browser looks for.
struct CORSMiddleware: RouterMiddleware {
    let policy: CORSPolicy
    /// Paths with their own protocol, which no page calls.
    let excluded: Set<String>

    /// How long a browser keeps the answer of a preflight, in seconds.
    private static let seconds = "600"
    private static let requestHeaders = """
        Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, Switchyard-Workspace, X-Request-Id, \
        traceparent
        """
    private static let answerHeaders = """
        ETag, Location, Allow, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed, X-Request-Id, Deprecation, Sunset
        """

    func handle(
        _ request: Request,
        context: WebContext,
        next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        guard !excluded.contains(request.uri.path) else { return response }
        // A cache must not give one origin the answer of another.
        if policy != .any { response.headers.addVary("Origin") }
        guard let origin = request.headers[.origin], let allowed = policy.allowing(origin) else { return response }
        response.headers[.accessControlAllowOrigin] = allowed
        response.headers[.accessControlExposeHeaders] = Self.answerHeaders
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil,
            let methods = response.headers[.allow], response.status == .noContent
        {
            response.headers[.accessControlAllowMethods] = methods
            response.headers[.accessControlAllowHeaders] = Self.requestHeaders
            response.headers[.accessControlMaxAge] = Self.seconds
            response.headers.addVary("Access-Control-Request-Method, Access-Control-Request-Headers")
        }
        return response
    }
}

extension HTTPFields {
    /// Adds names to `Vary`.
    mutating func addVary(_ names: String) {
        self[.vary] = self[.vary].map { "\($0), \(names)" } ?? names
    }
}
