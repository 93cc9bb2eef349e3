import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addStreamRoutes(to routes: inout Routes) {
        routes.on(.post, LeadStream.path, .leadsWrite, stream)
    }

    /// `POST /api/leads/stream`: a stream of leads as JSON lines, answered line by line as they commit.
    @Sendable private func stream(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        try request.checkLines()
        let limits = limits
        let trace = context.trace
        let token = try Self.token(of: request)
        let address = context.clientAddress(of: request, trusting: trustedProxies)
        let logger = context.logger
        let workspace = try Self.workspace(of: request)
        let stream = LeadStream(lineBytes: limits.bodyBytes, reader: caller.reader) { line in
            var reader = JSONScanner(line, maximumDepth: limits.jsonDepth)
            let decoded = try LeadDecoding.read(&reader)
            try reader.finish()
            return try accepted(decoded, trace: trace)
        } begin: { leads in
            // A stream may last for days: its key must still be valid. The first leads have just been checked.
            let caller = try await self.caller(
                token,
                actingFor: workspace,
                from: address,
                logger: logger,
                with: .leadsWrite
            )
            return try await useCases.submissions.begin(batch: leads, as: caller)
        }
        let body = request.body
        return Response(
            status: .ok,
            headers: [.contentType: Request.lineMediaType, .cacheControl: "no-store"],
            body: ResponseBody { writer in
                try await withTaskExecutorPreference(globalConcurrentExecutor) {
                    try await stream.run(body) { try await writer.write($0) }
                }
                try await writer.finish(nil)
            }
        )
    }
}

extension Request {
    /// The media type of a stream of leads.
    static let lineMediaType = "application/x-ndjson"

    /// Checks that the body has the media type of JSON lines.
    ///
    /// - Throws: ``Problem`` for another media type, or an encoding.
    func checkLines() throws {
        let type = headers[.contentType]?.lowercased().split(separator: ";").first.map { $0.filter { $0 != " " } }
        guard let type, [Self.lineMediaType, "application/ndjson", "application/jsonl"].contains(type) else {
            var problem = Problem(
                .unsupportedMediaType,
                "The body must be lines of JSON.",
                remedy: "Send one lead per line, with the header Content-Type: \(Self.lineMediaType)."
            )
            problem.headers[.accept] = Self.lineMediaType
            throw problem
        }
        try checkEncoding()
    }
}
