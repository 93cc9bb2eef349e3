import HTTPTypes
import Hummingbird
import LeadRouting
import Logging
import RoutingRules

/// Gives each request its id, converts every error to a problem, and logs one line.
///
/// The log has the route's pattern, never the path, the query or a body, which may hold personal data. A successful
/// request is logged at `debug`, a refused one at `info`, a fault of the server at `error`. A request with a wrong key is
/// logged at `debug` as well: `API` logs those once a minute for each address.
struct AnswerMiddleware: RouterMiddleware {
    func handle(
        _ request: Request,
        context: WebContext,
        next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.requestID = Self.requestID(of: request) ?? Self.padded(RequestID().description)
        context.logger[metadataKey: "request.id"] = .string(context.requestID)
        context.logger[metadataKey: "hb.request.id"] = nil
        if let header = request.headers[.traceParent], let parent = TraceParent(header: header) {
            context.parent = parent
            context.logger[metadataKey: "trace.id"] = .string(parent.traceID)
        }
        let start = ContinuousClock.now
        var response: Response
        do {
            response = try await next(request, context)
            if response.status.code >= 400 { log(response, request, context, since: start) }
        } catch {
            let problem = Problem(error)
            response = problem.response(requestID: context.requestID)
            log(response, request, context, since: start, problem: problem, error: error)
        }
        if context.logger.logLevel <= .debug, response.status.code < 400 {
            log(response, request, context, since: start)
        }
        // The answer of GET without its body; for an error too, which no route has written.
        if request.method == .head { response = response.createHeadResponse() }
        response.headers[.xRequestID] = context.requestID
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }

    /// An id of 32 digits, like trace ids; Hummingbird omits its leading zeros.
    static func padded(_ id: String) -> String {
        id.utf8.count < 32 ? String(repeating: "0", count: 32 - id.utf8.count) + id : id
    }

    private func log(
        _ response: Response,
        _ request: Request,
        _ context: WebContext,
        since start: ContinuousClock.Instant,
        problem: Problem? = nil,
        error: (any Error)? = nil
    ) {
        var metadata: Logger.Metadata = [
            "http.method": .string(request.method.rawValue),
            "http.route": .string(context.endpointPath ?? "none"),
            "http.status": .stringConvertible(response.status.code),
            "http.duration": .string("\((ContinuousClock.now - start) / .microseconds(1)) µs"),
        ]
        if let problem { metadata["problem"] = .string(problem.kind.rawValue) }
        let level: Logger.Level
        switch response.status.code {
        case ..<400, 401, 429: level = .debug
        case 400..<500: level = .info
        case 503: level = .warning
        default: level = .error
        }
        if level == .error, let error {
            // Only the type: a description may hold values.
            metadata["error.type"] = .string(String(reflecting: type(of: error)))
        }
        context.logger.log(level: level, "Request answered", metadata: metadata)
    }

    /// The client's request id, if it is safe in a log and a header: 1 to 128 plain characters.
    private static func requestID(of request: Request) -> String? {
        guard let id = request.headers[.xRequestID], 1...128 ~= id.utf8.count else { return nil }
        let isPlain = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "="):
                true
            default: false
            }
        }
        return isPlain ? id : nil
    }
}

extension HTTPField.Name {
    static let xRequestID = Self("X-Request-Id") ?? .date
    static let traceParent = Self("traceparent") ?? .date
}
