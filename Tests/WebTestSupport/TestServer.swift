package import CoreMetrics
package import HTTPTypes
import Hummingbird
package import LeadRouting
package import Logging
import NIOCore
package import Web

/// The API with real use cases, without a socket.
package struct TestServer: Sendable {
    private let client: RouterClient
    /// The token of each short key name; other names are sent unchanged.
    private let tokens: [String: String]
    /// The default key of requests.
    private let defaultKey: String

    /// Runs a test against the API.
    ///
    /// - Parameters:
    ///   - useCases: the use cases of the API.
    ///   - tokens: the token of each short key name.
    ///   - defaultKey: the default key of requests.
    ///   - limits: the limits of requests.
    ///   - cors: the pages of other origins that may call.
    ///   - mounts: endpoints with their own protocol.
    ///   - metrics: counts requests.
    ///   - logger: logs requests.
    ///   - test: the test.
    /// - Throws: what the test throws.
    package static func run(
        _ useCases: UseCases,
        tokens: [String: String] = [:],
        defaultKey: String = UseCases.administratorKey,
        limits: WebConfiguration.Limits = .init(),
        cors: CORSPolicy = .none,
        mounts: [MountedEndpoint] = [],
        metrics: (any MetricsFactory)? = nil,
        logger: Logger = .quiet,
        _ test: @Sendable (TestServer) async throws -> Void
    ) async throws {
        var configuration = WebConfiguration(limits: limits)
        configuration.cors = cors
        let app = makeApplication(
            configuration: configuration,
            useCases: useCases,
            version: "1.0.0",
            mounts: mounts,
            metrics: metrics,
            logger: logger
        )
        let client = try await RouterClient(app)
        try await test(TestServer(client: client, tokens: tokens, defaultKey: defaultKey))
    }

    /// Sends a request and reads the answer.
    package func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        key: String?,
        headers: HTTPFields = [:],
        bytes: [UInt8]? = nil
    ) async throws -> Answer {
        var headers = headers
        if let key { headers[.authorization] = "Bearer " + (tokens[key] ?? key) }
        if bytes != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        let (response, body) = try await client.execute(
            method,
            path,
            headers: headers,
            body: bytes.map { ByteBuffer(bytes: $0) }
        )
        return Answer(response, body)
    }

    /// Sends a request with the default key.
    package func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        headers: HTTPFields = [:],
        bytes: [UInt8]? = nil
    ) async throws -> Answer {
        try await send(method, path, key: defaultKey, headers: headers, bytes: bytes)
    }

    /// Gets a path.
    package func get(_ path: String, key: String?) async throws -> Answer { try await send(.get, path, key: key) }

    /// Gets a path with the default key.
    package func get(_ path: String) async throws -> Answer { try await send(.get, path) }

    /// Posts a text with the default key.
    package func post(_ path: String, _ body: String, headers: HTTPFields = [:]) async throws -> Answer {
        try await post(path, body, key: defaultKey, headers: headers)
    }

    /// Posts a text.
    package func post(
        _ path: String,
        _ body: String,
        key: String?,
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        try await send(.post, path, key: key, headers: headers, bytes: Array(body.utf8))
    }
}

extension Logger {
    /// A log without output.
    package static let quiet = Logger(label: "web-tests") { _ in SwiftLogNoOpLogHandler() }
}

/// Collects every log line as text.
package struct RecordingLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .trace
    private let record: @Sendable (String) -> Void

    /// A handler that passes on each line.
    package init(record: @escaping @Sendable (String) -> Void) { self.record = record }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        record("\(event.level) \(event.message) \(all)")
    }
}
