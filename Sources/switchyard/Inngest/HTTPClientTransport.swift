import AsyncHTTPClient
import Inngest
import NIOCore
import NIOHTTP1

/// Sends Inngest's requests by the process's HTTP client, which needs no shutdown of its own.
struct HTTPClientTransport: InngestTransport {
    /// There was no answer.
    struct Failure: Error, CustomStringConvertible {
        /// Why, without the address: it may hold a key.
        let description: String
    }

    /// Answers are small; more than this is not read.
    private static let longestAnswer = 16 << 20

    func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = .init(rawValue: request.method)
        for field in request.headers { outgoing.headers.add(name: field.name, value: field.value) }
        if !request.body.isEmpty { outgoing.body = .bytes(request.body) }
        do {
            let response = try await HTTPClient.shared.execute(outgoing, timeout: TimeAmount(request.timeout))
            let body = try await response.body.collect(upTo: Self.longestAnswer)
            return IncomingResponse(status: Int(response.status.code), body: Array(body.readableBytesView))
        } catch let error as HTTPClientError {
            throw Failure(description: error.shortDescription)
        } catch {
            throw Failure(description: "\(type(of: error))")
        }
    }
}
