import FoundationEssentials
import HTTPTypes
import Hummingbird
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addWorkspaceRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/workspaces", .workspacesRead, workspaces)
        routes.on(.post, "/api/workspaces", .workspacesWrite, createWorkspace)
        routes.on(.get, "/api/workspaces/:id", .workspacesRead, workspace)
        routes.on(.patch, "/api/workspaces/:id", .workspacesWrite, changeWorkspace)
        routes.on(.delete, "/api/workspaces/:id", .workspacesWrite, deleteWorkspace)
        routes.on(.get, "/api/workspaces/:id/why", .rulesRead, and: .leadsRead, whyWorkspace)
        routes.on(.post, "/api/workspaces/:id/restore", .workspacesWrite, restoreWorkspace)
    }

    @Sendable private func workspaces(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let workspaces = try await useCases.workspaces.list(as: caller)
        return json(capacity: 64 + workspaces.count * 384) { $0.list("workspaces", workspaces) { $0.workspace($1) } }
    }

    @Sendable private func workspace(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let workspace = try await useCases.workspaces.find(id("id", in: context), as: caller)
        return try json { $0.workspace(workspace) }.tagged(EntityTag(workspace.version), for: request)
    }

    @Sendable private func createWorkspace(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let body = try await request.jsonBody(upTo: limits.bodyBytes)
        let (id, fields) = try RuleBodies.workspace(body, isNew: true, limits: limits)
        let workspace = try await useCases.workspaces.create(id: id, fields, as: caller)
        var response = json(.created) { $0.workspace(workspace) }.tagged(EntityTag(workspace.version))
        response.headers[.location] = "/api/workspaces/" + workspace.workspace.id.text
        return response
    }

    @Sendable private func changeWorkspace(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try id("id", in: context)
        let body = try await request.jsonBody(upTo: limits.bodyBytes)
        let (_, fields) = try RuleBodies.workspace(body, isNew: false, limits: limits)
        let precondition = try request.precondition()
        let workspace = try await useCases.workspaces.change(id, fields, if: precondition, as: caller)
        return json { $0.workspace(workspace) }.tagged(EntityTag(workspace.version))
    }

    @Sendable private func deleteWorkspace(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        let archives = query.flag("archive")
        try query.finish()
        try await useCases.workspaces
            .delete(id("id", in: context), archives: archives, if: request.precondition(), as: caller)
        return Response(status: .noContent)
    }

    /// `GET /api/workspaces/{id}/why`: why it receives leads, or none.
    @Sendable private func whyWorkspace(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let explanation = try await useCases.rules.why(id("id", in: context), as: caller)
        return json { $0.explanation(of: explanation) }
    }

    @Sendable private func restoreWorkspace(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let workspace = try await useCases.workspaces.restore(id("id", in: context), as: caller)
        return json { $0.workspace(workspace) }.tagged(EntityTag(workspace.version))
    }
}
