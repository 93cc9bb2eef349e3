import HTTPTypes
import Hummingbird
package import LeadRouting
import NIOCore

/// A path with its own protocol: it receives each request unchanged.
package struct MountedEndpoint: Sendable {
    /// A request, unchanged.
    package struct Request: Sendable {
        /// The method.
        package let method: String
        /// The query's values by name; of two with the same name the first counts.
        package let query: [String: String]
        /// The header's fields.
        package let headers: [(name: String, value: String)]
        /// The bytes of the body.
        package let body: [UInt8]
        /// Checks that an administrator's key with this scope sends it.
        ///
        /// Its error is the refusal; let it through.
        package let requireAdministrator: @Sendable (Scope) async throws -> Void
        /// Whether it comes from this machine, and no proxy forwards it for another client.
        package let isLocal: Bool
    }

    /// An answer.
    package struct Answer: Sendable {
        let status: Int
        let headers: [(name: String, value: String)]
        let body: [UInt8]

        /// An answer.
        package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    let path: String
    let methods: [String]
    let answer: @Sendable (Request) async throws -> Answer

    /// An endpoint at a path.
    ///
    /// - Parameters:
    ///   - path: its path.
    ///   - methods: its methods; others are refused.
    ///   - answer: handles a request. A `RequestError` becomes a problem as everywhere else.
    package init(path: String, methods: [String], answer: @escaping @Sendable (Request) async throws -> Answer) {
        self.path = path
        self.methods = methods
        self.answer = answer
    }
}

extension API {
    /// Adds a mounted endpoint at its path.
    func mount(_ endpoint: MountedEndpoint, in routes: inout Routes) {
        for method in endpoint.methods.compactMap(HTTPRequest.Method.init(rawValue:)) {
            routes.mount(method, endpoint.path) { request, context in
                let query = request.uri.queryParameters.map { (String($0.key), String($0.value)) }
                let body = try await request.rawBody(upTo: limits.leadBodyBytes)
                var headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
                if let host = request.head.authority { headers.append((name: "Host", value: host)) }
                let answer = try await endpoint.answer(
                    MountedEndpoint.Request(
                        method: request.method.rawValue,
                        query: Dictionary(query) { first, _ in first },
                        headers: headers,
                        body: body,
                        requireAdministrator: { try await requireAdministrator($0, of: request, in: context) },
                        isLocal: context.isLocal && !request.isPassedOn
                    )
                )
                return Response(answer)
            }
        }
    }

    private func requireAdministrator(_ scope: Scope, of request: Request, in context: WebContext) async throws {
        try await caller(of: request, in: context, with: scope).requireAdministrator(scope)
    }
}

extension WebContext {
    /// Whether the caller's address is a loopback address.
    fileprivate var isLocal: Bool {
        guard let address = channel.remoteAddress else { return false }
        if case .unixDomainSocket = address { return true }
        guard let text = address.ipAddress else { return false }
        return text.hasPrefix("127.") || text == "::1" || text.hasPrefix("::ffff:127.")
    }
}

extension Request {
    /// Whether a proxy forwards it: then its own address is not the client's.
    fileprivate var isPassedOn: Bool {
        ["forwarded", "x-forwarded-for", "x-real-ip", "via"]
            .contains { name in HTTPField.Name(name).map { headers[$0] != nil } ?? false }
    }
}

extension Response {
    fileprivate init(_ answer: MountedEndpoint.Answer) {
        var fields: HTTPFields = [.cacheControl: "no-store"]
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        self.init(
            status: .init(code: answer.status),
            headers: fields,
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}
