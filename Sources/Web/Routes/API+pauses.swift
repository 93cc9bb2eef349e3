import FoundationEssentials
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addPauseRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/routing/pauses", .leadsRead, pauses)
        routes.on(.post, "/api/routing/pause", .routingWrite, pause)
        routes.on(.post, "/api/routing/resume", .routingWrite, resume)
    }

    @Sendable private func pauses(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let pauses = try await useCases.operations.pauses(as: caller)
        return json { writer in
            writer.list("pauses", pauses) { writer, pause in
                writer.object { writer in
                    writer.member("workspaceId", pause.workspaceID)
                    writer.member("all", pause.workspaceID == nil)
                    writer.member("since", time: pause.since)
                    writer.member("pausedBy", pause.actor)
                    writer.member("reason", pause.reason)
                }
            }
        }
    }

    /// `POST /api/routing/pause`: leads of a source, or all, are accepted and wait.
    @Sendable private func pause(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let body = try PauseBody(bytes, limits: limits, hasReason: true)
        let (workspace, isNew) = try await useCases.operations.pause(body.target, reason: body.reason, as: caller)
        return answer(workspace, isPaused: true, wasChanged: isNew)
    }

    /// `POST /api/routing/resume`: waiting leads are routed, oldest due first.
    @Sendable private func resume(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let body = try PauseBody(bytes, limits: limits, hasReason: false)
        let (workspace, wasPaused) = try await useCases.operations.resume(body.target, as: caller)
        return answer(workspace, isPaused: false, wasChanged: wasPaused)
    }

    private func answer(_ workspace: UUID?, isPaused: Bool, wasChanged: Bool) -> Response {
        json { writer in
            writer.object { writer in
                writer.member("workspaceId", workspace)
                writer.member("all", workspace == nil)
                writer.member("paused", isPaused)
                writer.member("changed", wasChanged)
            }
        }
    }
}
