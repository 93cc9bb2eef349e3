import Instrumentation
import ServiceContextModule
import Tracing

/// Sends requests to others with a span of its own and the trace's ids in their headers.
///
/// Of the address only the host is reported: paths and queries of webhooks are secrets.
package struct TracedSending: HTTPSending {
    private let sender: any HTTPSending
    private let tracer: SpanTracer

    /// What sends, and what makes spans.
    package init(_ sender: any HTTPSending, tracer: SpanTracer) {
        self.sender = sender
        self.tracer = tracer
    }

    private struct Fields: Injector {
        func inject(_ value: String, forKey key: String, into carrier: inout [OutsideRequest.Header]) {
            carrier.append(.init(key, value))
        }
    }

    package func post(_ request: OutsideRequest) async throws -> OutsideAnswer {
        let span = tracer.startSpan("POST", ofKind: .client)
        defer { span.end() }
        var headers = request.headers
        tracer.inject(span.context, into: &headers, using: Fields())
        span.updateAttributes { attributes in
            attributes["http.request.method"] = "POST"
            attributes["server.address"] = Self.host(of: request.url)
        }
        do {
            let answer = try await sender.post(
                OutsideRequest(url: request.url, headers: headers, body: request.body, timeout: request.timeout)
            )
            span.attributes["http.response.status_code"] = answer.status
            if answer.status >= 400 { span.setStatus(SpanStatus(code: .error)) }
            return answer
        } catch {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error))
            throw error
        }
    }

    /// The name between `//` and what follows, without a user's name and password.
    static func host(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return "" }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        if host.first == "[" { return String(host.dropFirst().prefix { $0 != "]" }) }
        return String(host.prefix { $0 != ":" })
    }
}
