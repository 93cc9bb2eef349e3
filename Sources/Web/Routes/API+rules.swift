import FoundationEssentials
import HTTPTypes
import Hummingbird
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addRuleRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/rules", .rulesRead, rules)
        routes.on(.post, "/api/rules", .rulesWrite, createRule)
        routes.on(.get, "/api/rules/:id", .rulesRead, rule)
        routes.on(.patch, "/api/rules/:id", .rulesWrite, changeRule)
        routes.on(.delete, "/api/rules/:id", .rulesWrite, deleteRule)
    }

    @Sendable private func rules(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        let owner = query.uuid("workspaceId")
        try query.finish()
        let rules = try await useCases.rules.list(of: owner, as: caller)
        return json(capacity: 64 + rules.count * 512) { $0.list("rules", rules) { $0.rule($1) } }
    }

    @Sendable private func rule(_ request: Request, _ context: WebContext, as caller: Caller) async throws -> Response {
        let rule = try await useCases.rules.find(id("id", in: context), as: caller)
        return try json { $0.rule(rule) }.tagged(EntityTag(rule.version), for: request)
    }

    /// A workspace's key creates rules of that workspace; an administrator names the owner, or null for the platform.
    @Sendable private func createRule(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let body = try await request.jsonBody(upTo: limits.bodyBytes)
        let (id, owner, fields) = try RuleBodies.rule(body, isNew: true, limits: limits)
        let rule = try await useCases.rules.create(id: id, owner: owner, fields, as: caller)
        var response = await saved(rule, .created, as: caller).tagged(EntityTag(rule.version))
        response.headers[.location] = "/api/rules/" + rule.rule.id.text
        return response
    }

    @Sendable private func changeRule(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try id("id", in: context)
        let body = try await request.jsonBody(upTo: limits.bodyBytes)
        let (_, _, fields) = try RuleBodies.rule(body, isNew: false, limits: limits)
        let rule = try await useCases.rules.change(id, fields, if: request.precondition(), as: caller)
        return await saved(rule, .ok, as: caller).tagged(EntityTag(rule.version))
    }

    @Sendable private func deleteRule(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        try await useCases.rules.delete(id("id", in: context), if: request.precondition(), as: caller)
        return Response(status: .noContent)
    }
}
