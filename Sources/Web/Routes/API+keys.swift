import Addresses
import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import RoutingRules

extension API {
    func addKeyRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/keys", .keysRead, keys)
        routes.on(.post, "/api/keys", .keysWrite, createKey)
        routes.on(.post, "/api/keys/:id/roll", .keysWrite, rollKey)
        routes.on(.delete, "/api/keys/:id", .keysWrite, revokeKey)
    }

    @Sendable private func keys(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let keys = try await useCases.keys.list(as: caller)
        return json(capacity: 64 + keys.count * 512) { $0.list("keys", keys) { $0.key($1) } }
    }

    /// `POST /api/keys`: the answer shows the token, only once.
    @Sendable private func createKey(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let body = try KeyBodies.New(try await request.jsonBody(upTo: limits.bodyBytes), limits: limits)
        let (key, token) = try await useCases.keys.create(
            for: body.workspaceID,
            name: body.name,
            scopes: body.scopes,
            isTest: body.isTest,
            networks: body.networks,
            days: body.days,
            as: caller
        )
        return json(.created) { $0.key(key, token: token) }
    }

    /// `POST /api/keys/{id}/roll`: a new key with the same rights; the old one ends after the overlap.
    @Sendable private func rollKey(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        let id = try id("id", in: context)
        let body = try KeyBodies.Roll(try await request.jsonBody(upTo: limits.bodyBytes), limits: limits)
        let (key, token) = try await useCases.keys.roll(id.text, overlap: body.overlap, days: body.days, as: caller)
        return json(.created) { $0.key(key, token: token) }
    }

    /// `DELETE /api/keys/{id}`: revokes a key for good.
    @Sendable private func revokeKey(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        _ = try await useCases.keys.revoke(try id("id", in: context).text, as: caller)
        return Response(status: .noContent)
    }
}

extension JSONWriter {
    /// A key, with its token if it is new.
    fileprivate mutating func key(_ key: APIKey, token: String? = nil) {
        object { writer in
            writer.member("id", key.id)
            writer.member("prefix", key.prefix)
            writer.member("workspaceId", key.workspaceID)
            writer.member("name", key.name)
            writer.member("test", key.isTest)
            writer.member("scopes", key.scopes)
            writer.member("allowedAddresses", key.allowedNetworks.map(\.description))
            writer.member("createdAt", time: key.createdAt)
            writer.member("expiresAt", time: key.expiresAt)
            writer.member("revokedAt", time: key.revokedAt)
            writer.member("replacedBy", key.replacedBy)
            writer.member("lastUsedAt", time: key.lastUsedAt)
            writer.member("lastUsedAddress", key.lastUsedAddress?.description)
            if let token { writer.member("token", token) }
        }
    }
}
