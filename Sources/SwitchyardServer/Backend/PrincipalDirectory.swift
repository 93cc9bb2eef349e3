import Crypto
import FoundationEssentials
import LeadRouting
import LeadStore
import Web

/// Who owns which token: the store's keys, and the Supabase service-role key where there is one.
struct PrincipalDirectory: Sendable {
    private let keys: KeyRing
    private let serviceRoleHash: [UInt8]?

    /// A directory over the store's keys.
    init(keys: KeyStore, serviceRoleKey: String?) {
        self.keys = KeyRing(keys: keys)
        serviceRoleHash = serviceRoleKey.map { Array(SHA256.hash(data: Data($0.utf8))) }
    }

    /// Whose token this is; nil for one that is unknown, expired or revoked.
    func principal(of token: String) async throws -> Principal? {
        // A digest compares with bytes in constant time.
        if let serviceRoleHash, SHA256.hash(data: Data(token.utf8)) == serviceRoleHash {
            return Principal(id: "service_role", name: "Supabase service role", workspaceID: nil, scopes: [.admin])
        }
        guard let key = try await keys.key(for: token) else { return nil }
        return Principal(
            id: "key:\(key.prefix)",
            name: key.name,
            workspaceID: key.workspaceID,
            scopes: Set(key.scopes.compactMap(Scope.init(rawValue:)))
        )
    }
}
