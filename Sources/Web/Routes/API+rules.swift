import FoundationEssentials
import HTTPTypes
import Hummingbird
import RoutingRules

extension API {
    func addRuleRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/rules", rules)
        routes.on(.post, "/api/rules", createRule)
        routes.on(.get, "/api/rules/:id", rule)
        routes.on(.patch, "/api/rules/:id", changeRule)
        routes.on(.delete, "/api/rules/:id", deleteRule)
    }

    @Sendable private func rules(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        var query = try QueryDecoding(request.uri)
        let owner = query.uuid("workspaceId")
        try query.finish()
        let rules = try await backend.rules(of: owner, as: principal)
        return json(capacity: 64 + rules.count * 512) { $0.list("rules", rules) { $0.rule($1) } }
    }

    @Sendable private func rule(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        guard let rule = try await backend.rule(id("id", in: context), as: principal) else { throw Problem.noSuchRule }
        return json { $0.rule(rule) }
    }

    /// A key of a workspace makes rules of that workspace; an administrator's says whose, or null for the platform.
    @Sendable private func createRule(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesWrite)
        let body = try await request.jsonBody(upTo: limits.bodyBytes)
        let (id, owner, fields) = try RuleBodies.rule(body, isNew: true, limits: limits)
        if let own = principal.workspaceID, let owner, owner != own {
            throw Problem(
                .forbidden,
                "A workspace's key makes rules of that workspace only.",
                remedy: "Leave workspaceId out.",
                errors: [FieldProblem(field: "/workspaceId", message: "This is not the key's workspace.")]
            )
        }
        let rule = try await backend.createRule(id: id, owner: owner ?? principal.workspaceID, fields, as: principal)
        var response = await saved(rule, .created, as: principal)
        response.headers[.location] = "/api/rules/" + rule.rule.id.text
        return response
    }

    @Sendable private func changeRule(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesWrite)
        let id = try id("id", in: context)
        let body = try await request.jsonBody(upTo: limits.bodyBytes)
        let (_, _, fields) = try RuleBodies.rule(body, isNew: false, limits: limits)
        let rule = try await backend.changeRule(id, fields, as: principal)
        return await saved(rule, .ok, as: principal)
    }

    @Sendable private func deleteRule(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesWrite)
        guard try await backend.deleteRule(id("id", in: context), as: principal) else { throw Problem.noSuchRule }
        return Response(status: .noContent)
    }
}

extension Problem {
    static let noSuchRule = Problem(.notFound, "There is no such rule, or none that this key may see.")
    static let noSuchWorkspace = Problem(.notFound, "There is no such workspace, or none that this key may see.")
    static let noSuchAgreement = Problem(.notFound, "There is no such agreement, or none that this key may see.")
}
