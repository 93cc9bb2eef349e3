import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting

extension API {
    func addAccountRoutes(to routes: inout Routes) {
        routes.authenticated(.get, "/api/me", me)
    }

    /// `GET /api/me`: who the caller is, and what it may do.
    @Sendable private func me(_ request: Request, _ context: WebContext) async throws -> Response {
        let identity = try await identity(of: request, in: context)
        let workspace = try Self.workspace(of: request)
        var query = try QueryDecoding(request.uri)
        try query.finish()
        let account = try await useCases.accounts.account(of: identity, actingFor: workspace)
        return json(capacity: 512 + account.workspaces.count * 256) { $0.account(account) }
    }
}

extension JSONWriter {
    fileprivate mutating func account(_ account: Account) {
        object { writer in
            writer.member("kind", account.isPerson ? "person" : "key")
            writer.member("id", account.id)
            writer.member("name", account.name)
            writer.member("email", account.email)
            writer.member("expiresAt", time: account.expiresAt.map { $0 * 1_000_000 })
            writer.member("administrator", account.isAdministrator)
            writer.member("workspaceId", account.workspaceID)
            writer.member("scopes", account.scopes.map(\.rawValue))
            writer.key("workspaces")
            writer.array(account.workspaces) { writer, place in
                writer.object { writer in
                    writer.member("id", place.id)
                    writer.member("name", place.name)
                    writer.member("role", place.role)
                    writer.member("scopes", place.scopes.map(\.rawValue))
                    writer.member("suspended", place.isSuspended)
                }
            }
        }
    }
}
