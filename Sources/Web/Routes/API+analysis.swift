import CivilTime
import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import NIOCore
import RoutingRules

extension API {
    func addAnalysisRoutes(to routes: inout Routes) {
        routes.onWhileConnected(.get, "/api/rules/lint", .rulesRead, lint)
        routes.onWhileConnected(.post, "/api/rules/simulate", .rulesRead, and: .leadsRead, simulate)
        routes.onWhileConnected(.get, "/api/leads/:id/explain", .leadsRead, explain)
    }

    /// `GET /api/leads/{id}/explain`: why a lead is where it is.
    @Sendable private func explain(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        let attempt = query.int("attempt", in: 1...1000)
        try query.finish()
        let lead = try id("id", in: context)
        let explanation = try await useCases.leads.explain(lead, attempt: attempt, as: caller)
        if request.prefersText { return text(explanation.text(time: RFC3339.text)) }
        return json(capacity: 8192) { $0.explanation(explanation) }
    }

    /// `POST /api/rules/simulate`: decides leads under other rules, without storing anything.
    @Sendable private func simulate(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let simulation = try await simulation(request, own: caller.workspaceID)
        let report = try await useCases.rules.simulate(simulation, as: caller)
        if request.prefersText {
            return text(report.text(names: try await useCases.workspaces.names(as: caller), time: RFC3339.text))
        }
        return json(capacity: 16_384) { $0.simulation(report) }
    }

    /// The simulation request: a JSON body, or a file of leads with the parameters in the query.
    private func simulation(_ request: Request, own: UUID?) async throws -> SimulationRequest {
        let type = request.headers[.contentType]?.lowercased().prefix { $0 != ";" && $0 != " " }
        let isCSV = type == "text/csv"
        guard isCSV || type == "application/x-ndjson" || type == "application/jsonl" else {
            return try SimulationBody.read(
                await request.jsonBody(upTo: limits.leadBodyBytes),
                own: own,
                limits: limits
            )
        }
        var query = try QueryDecoding(request.uri)
        return try SimulationBody.read(
            file: await request.rawBody(upTo: limits.leadBodyBytes),
            isCSV: isCSV,
            query: &query,
            own: own,
            limits: limits
        )
    }

    /// `GET /api/rules/lint`: analyses the rules without leads.
    @Sendable private func lint(_ request: Request, _ context: WebContext, as caller: Caller) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        let owner = query.uuid("workspaceId")
        try query.finish()
        let report = try await useCases.rules.lint(of: owner, as: caller)
        if request.prefersText {
            return text(report.text(names: try await useCases.workspaces.names(as: caller)))
        }
        return json(capacity: 512 + min(report.findings.count, JSONWriter.findingLimit) * 512) { $0.lint(report) }
    }

    /// A saved rule with its lint findings; a failure to lint must not fail the answer, because the rule is saved.
    func saved(_ rule: RuleRecord, _ status: HTTPResponse.Status, as caller: Caller) async -> Response {
        let warnings = try? await useCases.rules.warnings(about: rule.rule, as: caller)
        return json(status, capacity: 1024) { $0.rule(rule, warnings: warnings ?? []) }
    }

    /// An answer of plain text.
    func text(_ text: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text + "\n"))
        )
    }
}

extension Request {
    /// Whether the client accepts plain text, and not JSON.
    var prefersText: Bool {
        guard let accept = headers[.accept]?.lowercased() else { return false }
        return accept.contains("text/plain") && !accept.contains("json")
    }
}
