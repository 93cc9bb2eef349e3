import CoreMetrics
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing

@testable import Web

/// The API over a fake backend, without a socket.
struct TestServer {
    let client: any TestClientProtocol
    let backend: FakeBackend

    /// Runs a test against a router.
    static func run(
        _ backend: FakeBackend = FakeBackend(),
        limits: WebConfiguration.Limits = .init(),
        mounts: [MountedEndpoint] = [],
        metrics: (any MetricsFactory)? = nil,
        logger: Logger = Logger(label: "web-tests") { _ in SwiftLogNoOpLogHandler() },
        _ test: @Sendable (TestServer) async throws -> Void
    ) async throws {
        let app = makeApplication(
            configuration: WebConfiguration(limits: limits),
            backend: backend,
            mounts: mounts,
            metrics: metrics,
            logger: logger
        )
        try await app.test(.router) { try await test(TestServer(client: $0, backend: backend)) }
    }

    /// Sends a request and reads the answer.
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        key: String? = "alpha-key",
        headers: HTTPFields = [:],
        bytes: [UInt8]? = nil
    ) async throws -> Answer {
        var headers = headers
        if let key { headers[.authorization] = "Bearer " + key }
        if bytes != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        return try await client.execute(
            uri: path,
            method: method,
            headers: headers,
            body: bytes.map { ByteBuffer(bytes: $0) }
        ) { Answer($0) }
    }

    func post(
        _ path: String,
        _ body: String,
        key: String? = "alpha-key",
        headers: HTTPFields = [:]
    ) async throws
        -> Answer
    {
        try await send(.post, path, key: key, headers: headers, bytes: Array(body.utf8))
    }

    func get(_ path: String, key: String? = "alpha-key") async throws -> Answer { try await send(.get, path, key: key) }
}

/// An answer, with its body as JSON.
struct Answer {
    let status: Int
    let headers: HTTPFields
    let text: String
    let body: AnyJSON?

    init(_ response: TestResponse) {
        status = response.status.code
        headers = response.headers
        text = String(buffer: response.body)
        body = try? JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8))
    }

    subscript(_ key: String) -> AnyJSON? { body?[key] }

    /// The fields at fault, in order.
    var fields: [String] { body?["errors"]?.array?.compactMap { $0["field"]?.string } ?? [] }

    /// Whether this is a complete problem of a status, by RFC 9457.
    func isProblem(_ expected: Int) -> Bool {
        status == expected && headers[.contentType] == "application/problem+json" && self["status"]?.int == expected
            && self["type"]?.string?.hasPrefix("urn:switchyard:problem:") == true && self["title"]?.string != nil
            && self["detail"]?.string != nil
    }
}

/// Any JSON value, as Foundation reads it.
enum AnyJSON: Decodable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([AnyJSON])
    case object([String: AnyJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([AnyJSON].self) {
            self = .array(value)
        } else if let value = try? container.decode([String: AnyJSON].self) {
            self = .object(value)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }

    subscript(_ key: String) -> AnyJSON? { if case .object(let members) = self { members[key] } else { nil } }
    subscript(_ index: Int) -> AnyJSON? { array.flatMap { $0.indices.contains(index) ? $0[index] : nil } }
    var string: String? { if case .string(let value) = self { value } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var int: Int? { if case .number(let value) = self { Int(value) } else { nil } }
    var array: [AnyJSON]? { if case .array(let value) = self { value } else { nil } }
    var keys: [String] { if case .object(let members) = self { members.keys.sorted() } else { [] } }
}
