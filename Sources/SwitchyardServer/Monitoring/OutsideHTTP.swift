import AsyncHTTPClient
import Monitoring
import NIOCore
import NIOHTTP1

/// Sends what monitoring tells others, by a client that follows no redirects.
struct OutsideHTTP: HTTPSending {
    /// One for the process; it needs no shutdown of its own before the process ends.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    private let client = Self.client

    func post(_ request: OutsideRequest) async throws -> OutsideAnswer {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = .POST
        for field in request.headers { outgoing.headers.add(name: field.name, value: field.value) }
        outgoing.headers.add(name: "User-Agent", value: "switchyard/\(Version.current)")
        outgoing.body = .bytes(request.body)
        let response = try await client.execute(outgoing, timeout: TimeAmount(request.timeout))
        _ = try? await response.body.collect(upTo: 64 << 10)
        return OutsideAnswer(
            status: Int(response.status.code),
            retryAfter: response.headers.first(name: "Retry-After").flatMap { Double($0) }
        )
    }
}
