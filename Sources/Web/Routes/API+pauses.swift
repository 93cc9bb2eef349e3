import FoundationEssentials
import Hummingbird
import JSON
import RoutingRules

extension API {
    func addPauseRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/routing/pauses", pauses)
        routes.on(.post, "/api/routing/pause", pause)
        routes.on(.post, "/api/routing/resume", resume)
    }

    @Sendable private func pauses(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .leadsRead)
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let pauses = try await backend.routingPauses(as: principal)
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

    /// `POST /api/routing/pause`: leads of a source, or all, are taken in and wait.
    @Sendable private func pause(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .routingWrite)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let body = try PauseBody(bytes, principal: principal, limits: limits, hasReason: true)
        let isNew = try await backend.pauseRouting(of: body.workspaceID, reason: body.reason, as: principal)
        return answer(body, isPaused: true, wasChanged: isNew)
    }

    /// `POST /api/routing/resume`: what waits is routed, oldest due first.
    @Sendable private func resume(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .routingWrite)
        let bytes = try await request.jsonBody(upTo: limits.bodyBytes)
        let body = try PauseBody(bytes, principal: principal, limits: limits, hasReason: false)
        let wasPaused = try await backend.resumeRouting(of: body.workspaceID, as: principal)
        return answer(body, isPaused: false, wasChanged: wasPaused)
    }

    private func answer(_ body: PauseBody, isPaused: Bool, wasChanged: Bool) -> Response {
        json { writer in
            writer.object { writer in
                writer.member("workspaceId", body.workspaceID)
                writer.member("all", body.workspaceID == nil)
                writer.member("paused", isPaused)
                writer.member("changed", wasChanged)
            }
        }
    }
}
