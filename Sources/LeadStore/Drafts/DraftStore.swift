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
    ///   - precondition: what is required of the existing draft.
    ///   - access: the caller's access.
    /// - Returns: the draft.
    /// - Throws: ``RuleSetRefusal``, ``PreconditionFailure``, or `StoreError`.
    package func save(
        _ document: RuleSetDocument,
        of owner: UUID?,
        checking: Bool = false,
        if precondition: Precondition = .none,
        as access: Access
    ) async throws -> RuleSetDraft {
        try await RuleSetStore(session).check(owner, for: access)
        let actor = session.actor
        do {
            return try await session.pool.withTransaction { connection in
                var document = document
                if let actor { try await StoreSession.record(actor, on: connection) }
                if checking {
                    _ = try await PublishingStore.rehearse(document, of: owner, as: access, on: connection)
                }
                let version = try await RuleSetStore.version(of: owner, on: connection)
                let basedOn = document.version ?? version
                document.version = nil
                var parameters: Parameters = [
                    "owner": .uuid(owner ?? RuleSetVersion.platform),
                    "document": .json(document.tree.json),
                    "based_on": .int64(basedOn),
                    "actor": .text(actor ?? "command line"),
                ]
                try await StoreSession.become(access, on: connection)
                let rows: Rows
                switch precondition {
                case .none, .absent:
                    parameters.append("replaces", .bool(precondition == .none))
                    rows = try await connection.query(Self.putDraft, parameters)
                case .exists, .version:
                    parameters.append("versions", .timestamps(precondition.versions))
                    rows = try await connection.query(Self.changeDraft, parameters)
                }
                if let row = rows.first { return try Self.draft(row) }
                guard precondition != .none else {
                    throw StoreError(.forbidden, "This key may not save that draft.")
                }
                let values: Parameters = ["owner": .uuid(owner ?? RuleSetVersion.platform)]
                let stored = try await connection.query(Self.oneDraft, values).first.map(Self.draft)
                throw PreconditionFailure(current: stored?.updatedAt)
            }
        } catch let error as PostgresError {
            throw StoreError(error) ?? error
        }
    }

    /// Deletes an owner's draft.
    ///
    /// - Returns: whether it existed.
    /// - Throws: ``PreconditionFailure``, if the draft does not fit the precondition.
    package func delete(
        of owner: UUID?,
        if precondition: Precondition = .none,
        as access: Access
    ) async throws -> Bool {
        try await RuleSetStore(session).check(owner, for: access)
        let parameters: Parameters = [
            "owner": .uuid(owner ?? RuleSetVersion.platform),
            "versions": .timestamps(precondition.versions),
        ]
        if try await !session.run(Self.dropDraft, parameters, as: access, recording: session.actor).isEmpty {
            return true
        }
        guard precondition != .none, let stored = try await find(of: owner, as: access) else { return false }
        if !precondition.fits(stored.updatedAt) { throw PreconditionFailure(current: stored.updatedAt) }
        return false
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
            updated_at = greatest(clock_timestamp(), d.updated_at + interval '1 microsecond'), updated_by = excluded.updated_by
            WHERE :replaces
        RETURNING d.document, d.based_on, d.updated_at, d.updated_by
        """
    )
    static let changeDraft = Statement(
        "change_draft",
        """
        UPDATE switchyard.rule_set_drafts AS d SET document = :document, based_on = :based_on, updated_by = :actor,
            updated_at = greatest(clock_timestamp(), d.updated_at + interval '1 microsecond')
        WHERE d.owner = :owner AND (cardinality(:versions::timestamptz[]) = 0 OR d.updated_at = ANY (:versions))
        RETURNING d.document, d.based_on, d.updated_at, d.updated_by
        """
    )
    static let dropDraft = Statement(
        "drop_draft",
        """
        DELETE FROM switchyard.rule_set_drafts
        WHERE owner = :owner AND (cardinality(:versions::timestamptz[]) = 0 OR updated_at = ANY (:versions))
        RETURNING 1
        """
    )
}
