import Digests
package import FoundationEssentials
package import Postgres

/// API keys.
package struct KeyStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Stores a new key.
    ///
    /// Its token cannot be read later: the caller must show it now.
    ///
    /// - Parameters:
    ///   - token: the token; keep it out of logs.
    ///   - id: the key's id.
    ///   - workspaceID: its workspace; nil for an administrator's key.
    ///   - name: its name.
    ///   - scopes: its scopes.
    ///   - expiresAt: when it expires.
    /// - Returns: the key, without its secret.
    /// - Throws: ``StoreError`` if the workspace does not exist.
    package func create(
        _ token: APIKeyToken,
        id: UUID,
        workspaceID: UUID?,
        name: String,
        scopes: [String],
        expiresAt: Timestamp? = nil
    ) async throws -> APIKey {
        if let workspaceID, try await WorkspaceStore(session).find(workspaceID, as: .administrator) == nil {
            throw StoreError.noSuchWorkspace("/workspaceId")
        }
        let parameters: Parameters = [
            "id": .uuid(id),
            "prefix": .text(token.prefix),
            "secret_hash": .bytes(token.secretHash),
            "workspace": .uuid(workspaceID),
            "name": .text(name),
            "scopes": .texts(scopes),
            "expires_at": .timestamp(expiresAt),
        ]
        let rows = try await session.write(Self.insertKey, parameters, as: .administrator)
        guard let row = rows.first else { throw StoreError(.conflict, "The key was not stored.") }
        return try APIKey(row)
    }

    /// The key of a token, or nil if it is unknown, revoked or expired by the database's clock.
    ///
    /// One look-up by prefix, then a comparison of hashes in constant time. The time of use is written at most once a
    /// minute, so that a busy key does not become a busy row.
    package func find(for token: APIKeyToken) async throws -> APIKey? {
        guard let row = try await session.pool.query(Self.keyByPrefix, ["prefix": .text(token.prefix)]).first else {
            return nil
        }
        guard isEqualInConstantTime(try row.bytes(9), token.secretHash) else { return nil }
        let key = try APIKey(row)
        if try row.bool(10) {
            // Optional: if the database accepts no writes, the key can still be used for reading.
            _ = try? await session.pool.query(Self.noteUse, ["id": .uuid(key.id)])
        }
        return key
    }

    /// All keys, newest first, without their secrets.
    package func list() async throws -> [APIKey] {
        try await session.pool.query(Self.listKeys).map(APIKey.init)
    }

    /// Revokes a key, found by id or prefix.
    ///
    /// - Returns: the key, or nil if there is none or it was revoked before.
    package func revoke(_ idOrPrefix: String) async throws -> APIKey? {
        let parameters: Parameters = ["prefix": .text(idOrPrefix), "id": .uuid(UUID(uuidString: idOrPrefix))]
        return try await session.pool.query(Self.markKeyRevoked, parameters).first.map(APIKey.init)
    }

    static let insertKey = Statement(
        "insert_key",
        """
        INSERT INTO switchyard.api_keys (id, prefix, secret_hash, workspace_id, name, scopes, expires_at)
        VALUES (:id, :prefix, :secret_hash, :workspace, :name, :scopes, :expires_at)
        RETURNING \(APIKey.columns)
        """
    )
    static let keyByPrefix = Statement(
        "key_by_prefix",
        """
        SELECT \(APIKey.columns), secret_hash,
            last_used_at IS NULL OR last_used_at < now() - interval '1 minute'
        FROM switchyard.api_keys
        WHERE prefix = :prefix AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        """
    )
    static let noteUse = Statement(
        "note_key_use",
        """
        UPDATE switchyard.api_keys SET last_used_at = now()
        WHERE id = :id AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
        """
    )
    static let listKeys = Statement(
        "list_keys",
        "SELECT \(APIKey.columns) FROM switchyard.api_keys ORDER BY created_at DESC, id"
    )
    static let markKeyRevoked = Statement(
        "mark_key_revoked",
        """
        UPDATE switchyard.api_keys SET revoked_at = now()
        WHERE (prefix = :prefix OR id = :id) AND revoked_at IS NULL
        RETURNING \(APIKey.columns)
        """
    )
}
