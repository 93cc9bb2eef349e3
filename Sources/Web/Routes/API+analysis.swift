import CivilTime
import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import RoutingRules

extension API {
    func addAnalysisRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/rules/lint", lint)
        routes.on(.post, "/api/rules/simulate", simulate)
        routes.on(.get, "/api/leads/:id/explain", explain)
    }

    /// `GET /api/leads/{id}/explain`: why a lead is where it is.
    @Sendable private func explain(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .leadsRead)
        var query = try QueryDecoding(request.uri)
        let attempt = query.int("attempt", in: 1...1000)
        try query.finish()
        let lead = try id("id", in: context)
        guard let explanation = try await backend.explain(lead, attempt: attempt, as: principal) else {
            throw Problem(.notFound, "There is no such lead, or none that this key may see.")
        }
        if request.prefersText { return text(explanation.text(time: RFC3339.text)) }
        return json(capacity: 8192) { $0.explanation(explanation) }
    }

    /// `POST /api/rules/simulate`: what would become of leads under other rules.
    @Sendable private func simulate(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        // Leads are decided, and named: who may not read them may not have them told.
        guard principal.may(.leadsRead) else { throw Problem.missingScope(.leadsRead) }
        let body = try await simulation(request, own: principal.workspaceID)
        if let own = principal.workspaceID, let owner = body.owner, owner != own {
            throw Problem(
                .forbidden,
                "A workspace's key simulates the rules of that workspace only.",
                remedy: "Leave workspaceId out.",
                errors: [FieldProblem(field: "/workspaceId", message: "This is not the key's workspace.")]
            )
        }
        let report = try await backend.simulate(body, owner: principal.workspaceID ?? body.owner, as: principal)
        if request.prefersText {
            let names = try await backend.workspaces(as: principal)
            return text(
                report.text(
                    names: Dictionary(names.map { ($0.workspace.id, $0.workspace.name) }) { $1 },
                    time: RFC3339.text
                )
            )
        }
        return json(capacity: 16_384) { $0.simulation(report) }
    }

    /// What is to be simulated: a body of JSON, or a file of leads with the rest in the query.
    private func simulation(_ request: Request, own: UUID?) async throws -> SimulationBody {
        let type = request.headers[.contentType]?.lowercased().prefix { $0 != ";" && $0 != " " }
        let isCSV = type == "text/csv"
        guard isCSV || type == "application/x-ndjson" || type == "application/jsonl" else {
            return try SimulationBody(
                await request.jsonBody(upTo: limits.leadBodyBytes),
                own: own,
                limits: limits
            )
        }
        var query = try QueryDecoding(request.uri)
        return try SimulationBody(
            file: await request.rawBody(upTo: limits.leadBodyBytes),
            isCSV: isCSV,
            query: &query,
            own: own,
            limits: limits
        )
    }

    /// `GET /api/rules/lint`: what is wrong with the rules, without a single lead.
    @Sendable private func lint(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        var query = try QueryDecoding(request.uri)
        let owner = query.uuid("workspaceId")
        try query.finish()
        let report = try await backend.lint(of: owner, as: principal)
        if request.prefersText {
            let names = try await backend.workspaces(as: principal)
            return text(report.text(names: Dictionary(names.map { ($0.workspace.id, $0.workspace.name) }) { $1 }))
        }
        return json(capacity: 512 + min(report.findings.count, JSONWriter.findingLimit) * 512) { $0.lint(report) }
    }

    /// A rule that was saved, with what there is to be said about it; it is saved, so nothing here may fail the answer.
    func saved(_ rule: StoredRule, _ status: HTTPResponse.Status, as principal: Principal) async -> Response {
        let warnings = try? await backend.warnings(about: rule.rule, as: principal)
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
    /// Whether plain text was asked for, and JSON was not.
    var prefersText: Bool {
        guard let accept = headers[.accept]?.lowercased() else { return false }
        return accept.contains("text/plain") && !accept.contains("json")
    }
}
