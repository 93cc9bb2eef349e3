package import FoundationEssentials
package import LeadStore
import Postgres

/// What an administrator may ask of API keys.
package struct KeyRequests: Sendable {
    let stores: Stores

    /// Creates a key.
    ///
    /// Its token cannot be read later: the caller must show it now.
    ///
    /// - Parameters:
    ///   - workspace: the workspace of the key; nil for an administrator's key.
    ///   - name: its name.
    ///   - scopes: its scopes; nil for ``Scope/defaults(isAdministrator:)``.
    ///   - days: how many days it is valid, by the database's clock; nil for no limit.
    ///   - caller: an administrator; `admin`.
    /// - Returns: the key, and its token. Keep the token out of logs.
    /// - Throws: ``RequestError``; `.invalid` for a workspace that does not exist.
    package func create(
        for workspace: UUID?,
        name: String,
        scopes: [Scope]? = nil,
        days: Int? = nil,
        as caller: Caller
    ) async throws -> (key: APIKey, token: String) {
        try caller.requireAdministrator(.admin)
        return try await mappingErrors {
            let token = APIKeyToken.random()
            var expiresAt: Timestamp?
            if let days {
                let now = try await stores.schedule.databaseTime().microsecondsSinceUnixEpoch
                expiresAt = Timestamp(microsecondsSinceUnixEpoch: now + Int64(days) * 86_400_000_000)
            }
            let scopes = scopes ?? Scope.defaults(isAdministrator: workspace == nil)
            let key = try await stores.keys.create(
                token,
                id: UUID.new(),
                workspaceID: workspace,
                name: name,
                scopes: scopes.map(\.rawValue),
                expiresAt: expiresAt
            )
            return (key, token.text)
        }
    }

    /// All keys, newest first, without their secrets.
    ///
    /// - Throws: ``RequestError``.
    package func list(as caller: Caller) async throws -> [APIKey] {
        try caller.requireAdministrator(.admin)
        return try await mappingErrors { try await stores.keys.list() }
    }

    /// Revokes a key permanently; nodes stop accepting it within seconds.
    ///
    /// - Parameters:
    ///   - idOrPrefix: its id, or the part of its token that is not secret.
    ///   - caller: an administrator; `admin`.
    /// - Returns: the key.
    /// - Throws: ``RequestError``; `.notFound` for a key that does not exist or was revoked before.
    package func revoke(_ idOrPrefix: String, as caller: Caller) async throws -> APIKey {
        try caller.requireAdministrator(.admin)
        return try await mappingErrors {
            guard let key = try await stores.keys.revoke(idOrPrefix) else {
                throw RequestError.notFound("No active key “\(idOrPrefix)” exists.")
            }
            return key
        }
    }
}
