import FoundationEssentials
import HTTPTypes
import Hummingbird
import RoutingRules

extension API {
    /// An agreement has no id of its own: its two workspaces name it.
    func addAgreementRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/agreements", agreements)
        routes.on(.post, "/api/agreements", grant)
        routes.on(.get, "/api/agreements/:receiver/:sender", agreement)
        routes.on(.delete, "/api/agreements/:receiver/:sender", revoke)
    }

    @Sendable private func agreements(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let agreements = try await backend.agreements(as: principal)
        return json(capacity: 64 + agreements.count * 192) { $0.list("agreements", agreements) { $0.agreement($1) } }
    }

    @Sendable private func agreement(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesRead)
        let wanted = try agreement(in: context)
        guard let found = try await backend.agreements(as: principal).first(where: { $0.agreement == wanted }) else {
            throw Problem.noSuchAgreement
        }
        return json { $0.agreement(found) }
    }

    @Sendable private func grant(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesWrite)
        let body = try await request.jsonBody(upTo: limits.bodyBytes)
        let wanted = try RuleBodies.agreement(body, principal: principal, limits: limits)
        let (agreement, isNew) = try await backend.grant(wanted, as: principal)
        var response = json(isNew ? .created : .ok) { $0.agreement(agreement) }
        response.headers[.location] =
            "/api/agreements/\(wanted.receivingWorkspaceID.text)/\(wanted.sendingWorkspaceID.text)"
        return response
    }

    @Sendable private func revoke(_ request: Request, _ context: WebContext) async throws -> Response {
        let principal = try await principal(of: request, with: .rulesWrite)
        guard try await backend.revoke(agreement(in: context), as: principal) else { throw Problem.noSuchAgreement }
        return Response(status: .noContent)
    }

    private func agreement(in context: WebContext) throws -> RoutingAgreement {
        RoutingAgreement(
            receivingWorkspaceID: try id("receiver", in: context),
            sendingWorkspaceID: try id("sender", in: context)
        )
    }
}
