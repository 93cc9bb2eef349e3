import Digests
package import LeadStore

/// Finds the caller of a token: one of the store's keys, or the Supabase service-role key if there is one.
package struct CallerDirectory: Sendable {
    private let keys: KeyRing
    private let serviceRoleHash: [UInt8]?

    /// A directory over the store's keys.
    ///
    /// - Parameters:
    ///   - keys: the store of keys.
    ///   - serviceRoleKey: a token with all scopes, checked without the database; nil for none.
    package init(keys: KeyStore, serviceRoleKey: String?) {
        self.keys = KeyRing(keys: keys)
        serviceRoleHash = serviceRoleKey.map { SHA256.hash($0) }
    }

    /// The caller of a token; nil for one that is unknown, expired or revoked.
    ///
    /// Called for every request: recently used keys are cached.
    ///
    /// - Throws: ``RequestError`` if the database fails.
    package func caller(of token: String) async throws -> Caller? {
        if let serviceRoleHash, isEqualInConstantTime(SHA256.hash(token), serviceRoleHash) {
            return Caller(id: "service_role", name: "Supabase service role", workspaceID: nil, scopes: [.admin])
        }
        guard let key = try await mappingErrors({ try await keys.key(for: token) }) else { return nil }
        return Caller(
            id: "key:\(key.prefix)",
            name: key.name,
            workspaceID: key.workspaceID,
            scopes: Set(key.scopes.compactMap(Scope.init(rawValue:)))
        )
    }
}
