import Instrumentation
import ServiceContextModule
package import Tracing

/// Sends requests with a span of their own, whose ids go out in their header.
///
/// Of the address only the host is recorded: paths and queries of webhooks are secrets.
package struct TracedTransport<Spans: Tracer>: HTTPTransport {
    private let transport: any HTTPTransport
    private let tracer: Spans
    private let peer: String?

    /// A transport whose spans are called after the request's method and, if it is given, the peer.
    package init(_ transport: any HTTPTransport, tracer: Spans, peer: String? = nil) {
        self.transport = transport
        self.tracer = tracer
        self.peer = peer
    }

    private struct FieldInjector: Injector {
        func inject(_ value: String, forKey key: String, into carrier: inout [HeaderField]) {
            carrier.append(HeaderField(key, value))
        }
    }

    package func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        let span = tracer.startSpan([request.method, peer].compactMap { $0 }.joined(separator: " "), ofKind: .client)
        defer { span.end() }
        var fields: [HeaderField] = []
        tracer.inject(span.context, into: &fields, using: FieldInjector())
        span.updateAttributes { attributes in
            attributes["http.request.method"] = request.method
            attributes["server.address"] = request.host
        }
        do {
            let response = try await transport.send(request.adding(fields))
            span.attributes["http.response.status_code"] = response.status
            if response.status >= 400 { span.setStatus(SpanStatus(code: .error)) }
            return response
        } catch {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error))
            throw error
        }
    }
}
