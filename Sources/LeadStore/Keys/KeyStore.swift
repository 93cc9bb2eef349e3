import Addresses
import Digests
package import FoundationEssentials
import Postgres

/// API keys.
package struct KeyStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Stores a new key, and notes it in the operators' log.
    ///
    /// Its token cannot be read later: the caller must show it now.
    ///
    /// - Parameters:
    ///   - token: the token; keep it out of logs.
    ///   - key: what the key may do.
    /// - Returns: the key, without its secret.
    /// - Throws: ``StoreError`` if the workspace does not exist.
    package func create(_ token: APIKeyToken, _ key: NewKey) async throws -> APIKey {
        if let workspaceID = key.workspaceID,
            try await WorkspaceStore(session).find(workspaceID, as: .administrator) == nil
        {
            throw StoreError.noSuchWorkspace("/workspaceId")
        }
        let parameters: Parameters = [
            "id": .uuid(key.id),
            "prefix": .text(token.prefix),
            "secret_hash": .bytes(token.secretHash),
            "workspace": .uuid(key.workspaceID),
            "is_test": .bool(token.isTest),
            "name": .text(key.name),
            "scopes": .texts(key.scopes),
            "networks": .texts(key.allowedNetworks.map(\.description)),
            "expires_at": .timestamp(key.expiresAt),
            "actor": .text(session.actor),
        ]
        let rows = try await session.write(Self.insertKey, parameters, as: .administrator)
        guard let row = rows.first else { throw StoreError(.conflict, "The key was not stored.") }
        return try APIKey(row)
    }

    /// One key, found by id or prefix, whatever its state; nil if the caller has none such.
    ///
    /// - Parameters:
    ///   - idOrPrefix: its id, or the part of its token that is not secret.
    ///   - workspace: the workspace whose keys are searched; nil for all.
    /// - Returns: the key.
    /// - Throws: `PostgresError`, if the database fails.
    package func find(_ idOrPrefix: String, of workspace: UUID?) async throws -> APIKey? {
        let parameters: Parameters = [
            "prefix": .text(idOrPrefix),
            "id": .uuid(UUID(uuidString: idOrPrefix)),
            "workspace": .uuid(workspace),
        ]
        return try await session.pool.query(Self.oneKey, parameters).first.map(APIKey.init)
    }

    /// All keys of a workspace (nil: of all, and the administrators'), newest first, without their secrets.
    package func list(of workspace: UUID? = nil) async throws -> [APIKey] {
        try await session.pool.query(Self.listKeys, ["workspace": .uuid(workspace)]).map(APIKey.init)
    }

    /// Replaces a key by a new one with the same rights; the old one is valid for some time still.
    ///
    /// - Parameters:
    ///   - idOrPrefix: the old key.
    ///   - workspace: the workspace whose keys are searched; nil for all.
    ///   - token: the new token, of the same kind; keep it out of logs.
    ///   - id: the new key's id.
    ///   - overlap: how many seconds the old key is still valid, unless it expires earlier.
    ///   - days: how many days the new key is valid; nil for as long as the old one was.
    /// - Returns: the new key; nil if there is no such key, or it has ended or was rolled before.
    /// - Throws: `PostgresError`, if the database fails.
    package func roll(
        _ idOrPrefix: String,
        of workspace: UUID?,
        to token: APIKeyToken,
        id: UUID,
        overlap: Int64,
        days: Int64?
    ) async throws -> APIKey? {
        let parameters: Parameters = [
            "prefix": .text(idOrPrefix),
            "id": .uuid(UUID(uuidString: idOrPrefix)),
            "workspace": .uuid(workspace),
            "new_id": .uuid(id),
            "new_prefix": .text(token.prefix),
            "secret_hash": .bytes(token.secretHash),
            "is_test": .bool(token.isTest),
            "overlap": .int64(overlap),
            "days": .int64(days),
            "actor": .text(session.actor),
        ]
        return try await session.write(Self.rollKey, parameters, as: .administrator).first.map(APIKey.init)
    }

    /// Revokes a key, found by id or prefix.
    ///
    /// - Parameters:
    ///   - idOrPrefix: the key.
    ///   - workspace: the workspace whose keys are searched; nil for all.
    /// - Returns: the key, or nil if there is none or it was revoked before.
    /// - Throws: `PostgresError`, if the database fails.
    package func revoke(_ idOrPrefix: String, of workspace: UUID? = nil) async throws -> APIKey? {
        let parameters: Parameters = [
            "prefix": .text(idOrPrefix),
            "id": .uuid(UUID(uuidString: idOrPrefix)),
            "workspace": .uuid(workspace),
            "actor": .text(session.actor),
        ]
        return try await session.write(Self.markKeyRevoked, parameters, as: .administrator).first.map(APIKey.init)
    }

    /// The end of a statement whose part `k` has changed a key: it notes the change in the operators' log.
    private static func noting(_ action: String, details: String) -> String {
        """
        INSERT INTO switchyard.operator_log (actor, action, workspace_id, subject_id, details)
        SELECT coalesce(:actor, session_user), '\(action)', coalesce(k.workspace_id, '00000000-0000-0000-0000-000000000000'), k.id,
            \(details)
        FROM k
        """
    }

    private static let rights = """
        jsonb_build_object('prefix', k.prefix, 'name', k.name, 'test', k.is_test, 'scopes', k.scopes,
            'allowedAddresses', k.allowed_networks::text[], 'expiresAt', k.expires_at)
        """

    static let insertKey = Statement(
        "insert_key",
        """
        WITH k AS (
            INSERT INTO switchyard.api_keys (id, prefix, secret_hash, workspace_id, is_test, name, scopes, allowed_networks, expires_at)
            VALUES (:id, :prefix, :secret_hash, :workspace, :is_test, :name, :scopes, :networks::text[]::cidr[], :expires_at)
            RETURNING *
        ), noted AS (
            \(noting("create-key", details: rights))
        )
        SELECT \(APIKey.columns) FROM k
        """
    )
    static let oneKey = Statement(
        "one_key",
        """
        SELECT \(APIKey.columns) FROM switchyard.api_keys k
        WHERE (k.prefix = :prefix OR k.id = :id) AND (:workspace::uuid IS NULL OR k.workspace_id = :workspace)
        """
    )
    static let listKeys = Statement(
        "list_keys",
        """
        SELECT \(APIKey.columns) FROM switchyard.api_keys k WHERE :workspace::uuid IS NULL OR k.workspace_id = :workspace
        ORDER BY k.created_at DESC, k.id
        """
    )
    static let rollKey = Statement(
        "roll_key",
        """
        WITH old AS (
            SELECT k.* FROM switchyard.api_keys k
            WHERE (k.prefix = :prefix OR k.id = :id) AND (:workspace::uuid IS NULL OR k.workspace_id = :workspace)
                AND k.is_test = :is_test AND k.revoked_at IS NULL AND k.replaced_by IS NULL
                AND (k.expires_at IS NULL OR k.expires_at > now())
            FOR UPDATE
        ), ended AS (
            UPDATE switchyard.api_keys k
            SET replaced_by = :new_id, expires_at = least(k.expires_at, now() + :overlap::bigint * interval '1 second')
            FROM old o WHERE k.id = o.id
        ), k AS (
            INSERT INTO switchyard.api_keys (id, prefix, secret_hash, workspace_id, is_test, name, scopes, allowed_networks, expires_at)
            SELECT :new_id, :new_prefix, :secret_hash, o.workspace_id, o.is_test, o.name, o.scopes, o.allowed_networks,
                CASE WHEN :days::bigint IS NOT NULL THEN now() + :days::bigint * interval '1 day'
                    ELSE now() + (o.expires_at - o.created_at) END
            FROM old o
            RETURNING *
        ), noted AS (
            \(noting("roll-key", details: "\(rights) || jsonb_build_object('replaces', (SELECT o.id FROM old o), 'overlapSeconds', :overlap::bigint)"))
        )
        SELECT \(APIKey.columns) FROM k
        """
    )
    static let markKeyRevoked = Statement(
        "mark_key_revoked",
        """
        WITH k AS (
            UPDATE switchyard.api_keys k SET revoked_at = now()
            WHERE (k.prefix = :prefix OR k.id = :id) AND (:workspace::uuid IS NULL OR k.workspace_id = :workspace)
                AND k.revoked_at IS NULL
            RETURNING *
        ), noted AS (
            \(noting("revoke-key", details: "jsonb_build_object('prefix', k.prefix, 'name', k.name)"))
        )
        SELECT \(APIKey.columns) FROM k
        """
    )
}
