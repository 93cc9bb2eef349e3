import FoundationEssentials
import HTTPTypes
import Hummingbird
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    /// An agreement has no id of its own: its two workspaces identify it.
    func addAgreementRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/agreements", .rulesRead, agreements)
        routes.on(.post, "/api/agreements", .rulesWrite, grant)
        routes.on(.get, "/api/agreements/:receiver/:sender", .rulesRead, agreement)
        routes.on(.delete, "/api/agreements/:receiver/:sender", .rulesWrite, revoke)
    }

    @Sendable private func agreements(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let agreements = try await useCases.agreements.list(as: caller)
        return json(capacity: 64 + agreements.count * 192) { $0.list("agreements", agreements) { $0.agreement($1) } }
    }

    @Sendable private func agreement(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let found = try await useCases.agreements.record(of: agreement(in: context), as: caller)
        return try json { $0.agreement(found) }.tagged(EntityTag(found.createdAt), for: request)
    }

    @Sendable private func grant(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let body = try await request.jsonBody(upTo: limits.bodyBytes)
        let wanted = try RuleBodies.agreement(body, caller: caller, limits: limits)
        let (agreement, isNew) = try await useCases.agreements.grant(wanted, as: caller)
        var response = json(isNew ? .created : .ok) { $0.agreement(agreement) }.tagged(EntityTag(agreement.createdAt))
        response.headers[.location] =
            "/api/agreements/\(wanted.receivingWorkspaceID.text)/\(wanted.sendingWorkspaceID.text)"
        return response
    }

    @Sendable private func revoke(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        try await useCases.agreements.revoke(agreement(in: context), if: request.precondition(), as: caller)
        return Response(status: .noContent)
    }

    private func agreement(in context: WebContext) throws -> RoutingAgreement {
        RoutingAgreement(
            receivingWorkspaceID: try id("receiver", in: context),
            sendingWorkspaceID: try id("sender", in: context)
        )
    }
}
