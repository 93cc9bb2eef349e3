import AsyncHTTPClient
import Inngest
import Monitoring
import NIOCore
import NIOHTTP1
import Tracing

/// Sends Inngest's requests by the process's HTTP client, which needs no shutdown of its own.
struct HTTPClientTransport: InngestTransport {
    /// There was no answer.
    struct Failure: Error, CustomStringConvertible {
        /// Why, without the address: it may hold a key.
        let description: String
    }

    /// Answers are small; more than this is not read.
    private static let longestAnswer = 16 << 20

    /// What makes a span of each request; nil: no spans.
    var tracer: SpanTracer?

    func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
        guard let tracer else { return try await execute(request, [:]) }
        let span = tracer.startSpan("\(request.method) inngest", ofKind: .client)
        defer { span.end() }
        var fields = HTTPHeaders()
        tracer.inject(span.context, into: &fields, using: FieldInjector())
        do {
            let response = try await execute(request, fields)
            span.attributes["http.response.status_code"] = response.status
            if response.status >= 400 { span.setStatus(SpanStatus(code: .error)) }
            return response
        } catch {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error))
            throw error
        }
    }

    private struct FieldInjector: Injector {
        func inject(_ value: String, forKey key: String, into carrier: inout HTTPHeaders) {
            carrier.replaceOrAdd(name: key, value: value)
        }
    }

    private func execute(_ request: OutgoingRequest, _ fields: HTTPHeaders) async throws -> IncomingResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = .init(rawValue: request.method)
        for field in request.headers { outgoing.headers.add(name: field.name, value: field.value) }
        for field in fields { outgoing.headers.add(name: field.name, value: field.value) }
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
