package import FoundationEssentials
import JSON
import Postgres
package import RoutingRules

/// Drafts of rule sets.
package struct DraftStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// An owner's draft; nil if there is none.
    package func find(of owner: UUID?, as access: Access) async throws -> RuleSetDraft? {
        try await RuleSetStore(session).check(owner, for: access)
        return try await session.run(Self.oneDraft, ["owner": .uuid(owner ?? RuleSetVersion.platform)], as: access)
            .first.map(Self.draft)
    }

    /// Saves an owner's draft, replacing the existing one.
    ///
    /// - Parameters:
    ///   - document: the document. It is based on its version, or without one on the current version.
    ///   - owner: the owner.
    ///   - checking: whether it is refused for problems that would prevent its publication.
    ///   - access: the caller's access.
    /// - Returns: the draft.
    /// - Throws: ``RuleSetRefusal``, or `StoreError`.
    package func save(
        _ document: RuleSetDocument,
        of owner: UUID?,
        checking: Bool = false,
        as access: Access
    ) async throws -> RuleSetDraft {
        try await RuleSetStore(session).check(owner, for: access)
        let actor = session.actor
        do {
            return try await session.pool.withTransaction { connection in
                var document = document
                if checking {
                    _ = try await PublishingStore.rehearse(document, of: owner, as: access, on: connection)
                }
                let version = try await RuleSetStore.version(of: owner, on: connection)
                let basedOn = document.version ?? version
                document.version = nil
                let parameters: Parameters = [
                    "owner": .uuid(owner ?? RuleSetVersion.platform),
                    "document": .json(document.tree.json),
                    "based_on": .int64(basedOn),
                    "actor": .text(actor ?? "command line"),
                ]
                try await StoreSession.become(access, on: connection)
                guard let row = try await connection.query(Self.putDraft, parameters).first else {
                    throw StoreError(.forbidden, "This key may not save that draft.")
                }
                return try Self.draft(row)
            }
        } catch let error as PostgresError {
            throw StoreError(error) ?? error
        }
    }

    /// Deletes an owner's draft.
    ///
    /// - Returns: whether it existed.
    package func delete(of owner: UUID?, as access: Access) async throws -> Bool {
        try await RuleSetStore(session).check(owner, for: access)
        return try await !session.run(Self.dropDraft, ["owner": .uuid(owner ?? RuleSetVersion.platform)], as: access)
            .isEmpty
    }

    static func draft(_ row: Row) throws -> RuleSetDraft {
        guard let tree = JSONValue(json: try row.string(0)) else { throw unreadableDocument }
        let basedOn = try row.int64(1)
        var document = try RuleSetDocument(tree)
        document.version = basedOn
        return RuleSetDraft(
            document: document,
            basedOn: basedOn,
            updatedAt: try row.timestamp(2),
            updatedBy: try row.string(3)
        )
    }

    static let unreadableDocument = StoreError(.invalid, "A stored draft or golden lead cannot be read.")

    static let oneDraft = Statement(
        "one_draft",
        """
        SELECT d.document, d.based_on, d.updated_at, d.updated_by FROM switchyard.rule_set_drafts d WHERE d.owner = :owner
        """
    )
    static let putDraft = Statement(
        "put_draft",
        """
        INSERT INTO switchyard.rule_set_drafts AS d (owner, document, based_on, updated_by) VALUES (:owner, :document, :based_on, :actor)
        ON CONFLICT (owner) DO UPDATE SET document = excluded.document, based_on = excluded.based_on,
            updated_at = clock_timestamp(), updated_by = excluded.updated_by
        RETURNING d.document, d.based_on, d.updated_at, d.updated_by
        """
    )
    static let dropDraft = Statement(
        "drop_draft",
        "DELETE FROM switchyard.rule_set_drafts WHERE owner = :owner RETURNING 1"
    )
}
