package import Addresses
package import FoundationEssentials
package import LeadStore
import Postgres
import RoutingRules

/// What an administrator may ask of API keys, and a workspace of its own.
package struct KeyRequests: Sendable {
    let stores: Stores

    /// The longest time for which a rolled key stays valid: 30 days.
    package static let longestOverlap = 30 * 86_400
    /// The longest time for which a key is valid, in days.
    package static let longestDays = 3650
    /// The most networks of a key.
    package static let mostNetworks = 100

    /// Creates a key.
    ///
    /// Its token cannot be read later: the caller must show it now.
    ///
    /// - Parameters:
    ///   - workspace: the workspace of the key; nil for an administrator's key, or for the caller's own workspace.
    ///   - name: its name.
    ///   - scopes: its scopes; nil for ``Scope/defaults(isAdministrator:)``, or sending for a test key.
    ///   - isTest: whether its leads are a test.
    ///   - networks: the networks from which it may be used; empty for everywhere.
    ///   - days: how many days it is valid, by the database's clock; nil for no limit.
    ///   - caller: an administrator or a workspace's key; `keys:write`.
    /// - Returns: the key, and its token. Keep the token out of logs.
    /// - Throws: ``RequestError``; `.invalid` for a workspace that does not exist, and for what the kind of key or the
    ///   caller may not have.
    package func create(
        for workspace: UUID?,
        name: String,
        scopes: [Scope]? = nil,
        isTest: Bool = false,
        networks: [IPNetwork] = [],
        days: Int? = nil,
        as caller: Caller
    ) async throws -> (key: APIKey, token: String) {
        try caller.require(.keysWrite)
        let workspace = try Self.owner(workspace, caller)
        let scopes = scopes ?? (isTest ? [.leadsWrite] : Scope.defaults(isAdministrator: workspace == nil))
        try Self.check(scopes, of: workspace, isTest: isTest)
        try Self.check(scopes, madeBy: caller)
        try Self.check(days: days, networks: networks)
        return try await mappingErrors {
            let token = APIKeyToken.random(isTest: isTest)
            var expiresAt: Timestamp?
            if let days {
                let now = try await stores.schedule.databaseTime().microsecondsSinceUnixEpoch
                expiresAt = Timestamp(microsecondsSinceUnixEpoch: now + Int64(days) * 86_400_000_000)
            }
            let key = NewKey(
                id: UUID.new(),
                workspaceID: workspace,
                name: name,
                scopes: scopes.map(\.rawValue),
                allowedNetworks: networks,
                expiresAt: expiresAt
            )
            return (try await stores.acting(as: caller.id).keys.create(token, key), token.text)
        }
    }

    /// The keys that the caller may see, newest first, without their secrets: all, or those of its workspace.
    ///
    /// - Throws: ``RequestError``.
    package func list(as caller: Caller) async throws -> [APIKey] {
        try caller.require(.keysRead)
        return try await mappingErrors { try await stores.keys.list(of: caller.workspaceID) }
    }

    /// Replaces a key by a new one with the same rights, while the old one stays valid for some time.
    ///
    /// - Parameters:
    ///   - idOrPrefix: its id, or the part of its token that is not secret.
    ///   - overlap: how many seconds the old key is still valid, unless it expires earlier.
    ///   - days: how many days the new key is valid; nil for as long as the old one was.
    ///   - caller: an administrator or a workspace's key; `keys:write`.
    /// - Returns: the new key, and its token. Keep the token out of logs.
    /// - Throws: ``RequestError``; `.notFound` for a key that does not exist or has ended, `.conflict` for one that was
    ///   rolled before.
    package func roll(
        _ idOrPrefix: String,
        overlap: Int,
        days: Int? = nil,
        as caller: Caller
    ) async throws -> (key: APIKey, token: String) {
        try caller.require(.keysWrite)
        try Self.check(days: days, networks: [])
        guard 0...Self.longestOverlap ~= overlap else {
            throw RequestError.invalid([
                FieldProblem(
                    field: "/overlapSeconds",
                    message: "The overlap must be 0 to \(Self.longestOverlap) seconds.",
                    remedy: "Send 0 to end the old key at once."
                )
            ])
        }
        let name = Self.name(idOrPrefix)
        return try await mappingErrors {
            guard let old = try await stores.keys.find(name, of: caller.workspaceID) else {
                throw Self.noSuchKey(name)
            }
            try Self.check(old.scopes.compactMap(Scope.init(rawValue:)), madeBy: caller)
            let token = APIKeyToken.random(isTest: old.isTest)
            let new = try await stores.acting(as: caller.id).keys
                .roll(
                    name,
                    of: caller.workspaceID,
                    to: token,
                    id: UUID.new(),
                    overlap: Int64(overlap),
                    days: days.map(Int64.init)
                )
            guard let new else {
                let now = try await stores.keys.find(name, of: caller.workspaceID)
                guard now?.replacedBy != nil, now?.revokedAt == nil else { throw Self.noSuchKey(name) }
                throw RequestError.conflict(
                    reason: "This key was rolled before.",
                    remedy: "Roll the key that replaced it, or create a new one."
                )
            }
            return (new, token.text)
        }
    }

    /// Revokes a key permanently; within a second no node accepts it.
    ///
    /// - Parameters:
    ///   - idOrPrefix: its id, or the part of its token that is not secret.
    ///   - caller: an administrator or a workspace's key; `keys:write`.
    /// - Returns: the key.
    /// - Throws: ``RequestError``; `.notFound` for a key that does not exist or was revoked before.
    package func revoke(_ idOrPrefix: String, as caller: Caller) async throws -> APIKey {
        try caller.require(.keysWrite)
        let name = Self.name(idOrPrefix)
        return try await mappingErrors {
            guard let key = try await stores.acting(as: caller.id).keys.revoke(name, of: caller.workspaceID) else {
                throw Self.noSuchKey(name)
            }
            return key
        }
    }

    private static func noSuchKey(_ name: String) -> RequestError {
        // A longer text may be a token, which no error repeats.
        let quoted = name.utf8.count <= 36 ? " “\(name)”" : " of this name"
        return .notFound("No active key\(quoted) exists, or this key may not see it.")
    }

    /// The prefix of a whole token, or the text itself.
    private static func name(_ text: String) -> String { APIKeyToken(text)?.prefix ?? text }

    /// The workspace of a new key.
    private static func owner(_ workspace: UUID?, _ caller: Caller) throws -> UUID? {
        guard let own = caller.workspaceID else { return workspace }
        guard workspace == nil || workspace == own else {
            throw RequestError.otherWorkspace(
                "A workspace's key makes keys of that workspace only.",
                remedy: "Omit workspaceId, or use an administrator's key."
            )
        }
        return own
    }

    /// Refuses scopes that this kind of key cannot use.
    private static func check(_ scopes: [Scope], of workspace: UUID?, isTest: Bool) throws {
        guard !scopes.isEmpty else {
            throw invalid("/scopes", "A key needs a scope.", "Omit scopes for the usual ones.")
        }
        guard isTest else { return }
        guard workspace != nil else {
            throw invalid("/test", "A test key belongs to a workspace.", "Name the workspace of the key.")
        }
        guard scopes == [.leadsWrite] else {
            throw invalid("/scopes", "A test key has the scope leads:write only.", "Omit scopes.")
        }
    }

    /// Refuses scopes that the caller does not have itself.
    private static func check(_ scopes: [Scope], madeBy caller: Caller) throws {
        guard let missing = scopes.first(where: { !caller.may($0) }) else { return }
        throw RequestError.missingScope(missing)
    }

    private static func check(days: Int?, networks: [IPNetwork]) throws {
        if let days, !(1...longestDays ~= days) {
            throw invalid("/expiresInDays", "A key is valid for 1 to \(longestDays) days.", "Omit it for no end.")
        }
        guard networks.count <= mostNetworks else {
            throw invalid("/allowedAddresses", "A key has at most \(mostNetworks) networks.", "Use larger networks.")
        }
    }

    private static func invalid(_ field: String, _ message: String, _ remedy: String) -> RequestError {
        .invalid([FieldProblem(field: field, message: message, remedy: remedy)])
    }
}
