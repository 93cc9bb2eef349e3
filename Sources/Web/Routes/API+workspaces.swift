import FoundationEssentials
import HTTPTypes
import Hummingbird
import RoutingRules

extension API {
    func addWorkspaceRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/workspaces", workspaces)
        routes.on(.post, "/api/workspaces", createWorkspace)
        routes.on(.get, "/api/workspaces/:id", workspace)
        routes.on(.patch, "/api/workspaces/:id", changeWorkspace)
        routes.on(.delete, "/api/workspaces/:id", deleteWorkspace)
    }

    @Sendable private func workspaces(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .workspacesRead)
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let workspaces = try await backend.workspaces(as: principal)
        return json(capacity: 64 + workspaces.count * 384) { $0.list("workspaces", workspaces) { $0.workspace($1) } }
    }

    @Sendable private func workspace(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .workspacesRead)
        guard let workspace = try await backend.workspace(id("id", in: context), as: principal) else {
            throw Problem.noSuchWorkspace
        }
        return json { $0.workspace(workspace) }
    }

    @Sendable private func createWorkspace(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .workspacesWrite)
        let body = try await request.jsonBody(upTo: limits.bodyBytes)
        let (id, fields) = try RuleBodies.workspace(body, isNew: true, limits: limits)
        let workspace = try await backend.createWorkspace(id: id, fields, as: principal)
        var response = json(.created) { $0.workspace(workspace) }
        response.headers[.location] = "/api/workspaces/" + workspace.workspace.id.text
        return response
    }

    @Sendable private func changeWorkspace(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .workspacesWrite)
        let id = try id("id", in: context)
        let body = try await request.jsonBody(upTo: limits.bodyBytes)
        let (_, fields) = try RuleBodies.workspace(body, isNew: false, limits: limits)
        let workspace = try await backend.changeWorkspace(id, fields, as: principal)
        return json { $0.workspace(workspace) }
    }

    @Sendable private func deleteWorkspace(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .workspacesWrite)
        guard try await backend.deleteWorkspace(id("id", in: context), as: principal) else {
            throw Problem.noSuchWorkspace
        }
        return Response(status: .noContent)
    }
}
