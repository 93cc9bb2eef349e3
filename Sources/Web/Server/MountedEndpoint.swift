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
        routes.mount(endpoint, bodyBytes: limits.leadBodyBytes) { scope, request, context in
            try await caller(of: request, in: context, with: scope).requireAdministrator(scope)
        }
    }
}

extension Routes {
    /// Adds a mounted endpoint at its path.
    ///
    /// - Parameters:
    ///   - endpoint: the endpoint.
    ///   - bodyBytes: the most bytes of a body.
    ///   - requireAdministrator: refuses a request that no administrator's key with this scope sends.
    mutating func mount(
        _ endpoint: MountedEndpoint,
        bodyBytes: Int,
        requireAdministrator: @escaping @Sendable (Scope, Request, WebContext) async throws -> Void
    ) {
        for method in endpoint.methods.compactMap(HTTPRequest.Method.init(rawValue:)) {
            mount(method, endpoint.path) { request, context in
                let query = request.uri.queryParameters.map { (String($0.key), String($0.value)) }
                let body = try await request.rawBody(upTo: bodyBytes)
                var headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
                if let host = request.head.authority { headers.append((name: "Host", value: host)) }
                let answer = try await endpoint.answer(
                    MountedEndpoint.Request(
                        method: request.method.rawValue,
                        query: Dictionary(query) { first, _ in first },
                        headers: headers,
                        body: body,
                        requireAdministrator: { try await requireAdministrator($0, request, context) }
                    )
                )
                return Response(answer)
            }
        }
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
