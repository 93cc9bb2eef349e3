import HTTPTypes
import Hummingbird
import LeadRouting
import Tracing

/// Creates a span for each request: a child of the caller's span in `traceparent`, and the parent of the work that it
/// causes.
///
/// It is outside all other middleware, so that it sees the final answer. The span has the route's pattern and the
/// request's id; never the path, the query, an address or a body, which may hold personal data.
/// https://opentelemetry.io/docs/specs/semconv/http/http-spans/
struct TraceMiddleware<T: Tracer>: RouterMiddleware {
    let tracer: T

    func handle(
        _ request: Request,
        context: WebContext,
        next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var above = ServiceContext.topLevel
        tracer.extract(request.headers, into: &above, using: FieldExtractor())
        let span = tracer.startSpan(request.method.rawValue, context: above, ofKind: .server)
        defer { span.end() }
        // From here on the request is a child of this span: in the log, in batches and in requests to other services.
        var head = request.head
        tracer.inject(span.context, into: &head.headerFields, using: FieldInjector())
        let request = Request(head: head, body: request.body)
        let response = try await ServiceContext.withValue(span.context) { try await next(request, context) }
        if span.isRecording {
            let route = context.endpointPath
            if let route { span.operationName = "\(request.method.rawValue) \(route)" }
            span.updateAttributes { attributes in
                attributes["http.request.method"] = request.method.rawValue
                attributes["http.route"] = route
                attributes["http.response.status_code"] = Int(response.status.code)
                attributes["switchyard.request.id"] = response.headers[.xRequestID]
            }
            if response.status.code >= 500 { span.setStatus(SpanStatus(code: .error)) }
        }
        return response
    }
}

private struct FieldExtractor: Extractor {
    func extract(key: String, from carrier: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { carrier[$0] }
    }
}

private struct FieldInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout HTTPFields) {
        if let name = HTTPField.Name(key) { carrier[name] = value }
    }
}
