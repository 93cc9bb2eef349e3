package import Addresses
import Digests
package import FoundationEssentials
import Postgres

/// A valid key, and what a node needs to know to use a copy of it.
package struct KeyInUse: Sendable, Hashable {
    /// The key.
    package let key: APIKey
    /// Why its workspace is suspended; nil if it is not.
    package let suspension: String?
    /// For how long it is valid, by the database's clock; nil for ever.
    package let remaining: Duration?
    /// The version of keys at the moment of the look-up.
    package let version: Int64

    /// A key in use.
    package init(key: APIKey, suspension: String? = nil, remaining: Duration? = nil, version: Int64) {
        self.key = key
        self.suspension = suspension
        self.remaining = remaining
        self.version = version
    }
}

extension KeyStore {
    /// The key of a token, or nil if it is unknown, revoked, expired by the database's clock, or of a workspace that is closed
    /// or not active.
    ///
    /// One look-up by prefix, then a comparison of hashes in constant time.
    package func use(of token: APIKeyToken) async throws -> KeyInUse? {
        guard let row = try await session.pool.query(Self.keyByPrefix, ["prefix": .text(token.prefix)]).first else {
            return nil
        }
        let next = APIKey.columnCount
        guard isEqualInConstantTime(try row.bytes(next), token.secretHash) else { return nil }
        let key = try APIKey(row)
        guard key.isTest == token.isTest else { return nil }
        return KeyInUse(
            key: key,
            suspension: try row.bool(next + 2) ? try row.stringIfPresent(next + 3) ?? "" : nil,
            remaining: try row.int64IfPresent(next + 1).map { .microseconds($0) },
            version: try row.int64(next + 4)
        )
    }

    /// The version of keys: it rises with every change of what a key may do.
    package func version() async throws -> Int64 {
        guard let row = try await session.pool.query(Self.accessVersion).first else {
            throw StoreError(.notFound, "The database has no version of keys; run the migrations.")
        }
        return try row.int64(0)
    }

    /// Writes when and from where keys were last used, in one statement; what was written within half a minute is left.
    ///
    /// Rows that another node is writing are skipped, so that no node waits for another.
    package func note(uses: [(key: UUID, address: IPAddress?)]) async throws {
        guard !uses.isEmpty else { return }
        let parameters: Parameters = [
            "keys": .uuids(uses.map(\.key)),
            "addresses": .texts(uses.map { $0.address?.description }),
        ]
        _ = try await session.pool.query(Self.noteUses, parameters)
    }

    static let keyByPrefix = Statement(
        "key_by_prefix",
        """
        SELECT \(APIKey.columns), k.secret_hash, (extract(epoch FROM k.expires_at - now()) * 1000000)::bigint,
            w.routing_suspended_at IS NOT NULL, w.routing_suspended_reason, v.version
        FROM switchyard.api_keys k CROSS JOIN switchyard.access_version v
        LEFT JOIN public.workspaces w ON w.id = k.workspace_id
        WHERE k.prefix = :prefix AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
            AND (k.workspace_id IS NULL OR (w.id IS NOT NULL AND w.deleted_at IS NULL AND w.is_active IS NOT FALSE))
        """
    )
    static let accessVersion = Statement("access_version", "SELECT v.version FROM switchyard.access_version v")
    static let noteUses = Statement(
        "note_key_uses",
        """
        UPDATE switchyard.api_keys k
        SET last_used_at = now(), last_used_address = coalesce(u.address::inet, k.last_used_address)
        FROM unnest(:keys::uuid[], :addresses::text[]) u (id, address)
        WHERE k.id = u.id AND k.id = ANY (ARRAY(
            SELECT o.id FROM switchyard.api_keys o
            WHERE o.id = ANY (:keys::uuid[]) AND (o.last_used_at IS NULL OR o.last_used_at < now() - interval '30 seconds')
            ORDER BY o.id FOR UPDATE SKIP LOCKED))
        """
    )
}
