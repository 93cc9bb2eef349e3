import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addSuspensionRoutes(to routes: inout Routes) {
        routes.on(.put, "/api/workspaces/:id/suspension", .workspacesWrite, suspend)
        routes.on(.delete, "/api/workspaces/:id/suspension", .workspacesWrite, lift)
    }

    /// `PUT /api/workspaces/{id}/suspension`: nothing of the workspace goes in or out any more.
    @Sendable private func suspend(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try id("id", in: context)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        var body = try ObjectReader(bytes, names: ["reason"], limits: limits)
        let reason = body.text("reason", limit: 500)
        body.require("reason", "Say why; the workspace's keys are answered with it.")
        try body.finish()
        return answer(try await useCases.workspaces.suspend(id, reason: reason ?? "", as: caller))
    }

    /// `DELETE /api/workspaces/{id}/suspension`: ends a suspension.
    @Sendable private func lift(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        answer(try await useCases.workspaces.lift(id("id", in: context), as: caller))
    }

    private func answer(_ result: SuspensionResult) -> Response {
        json { writer in
            writer.object { writer in
                writer.key("workspace")
                writer.workspace(result.workspace)
                writer.member("changed", result.wasChanged)
                writer.member("settled", result.isSettled)
            }
        }
    }
}
