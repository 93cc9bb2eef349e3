package import FoundationEssentials
package import JSON
import Postgres
package import RoutingRules

/// The changes of a workspace; nil leaves a field unchanged.
package struct WorkspaceChange: Sendable, Hashable {
    /// Its name.
    package var name: String?
    /// `partner` or `platform`.
    package var type: String?
    /// Whether it is active.
    package var isActive: Bool?
    /// Whether it is paused.
    package var isPaused: Bool?
    /// What happens to its leads that no rule matches.
    package var unmatchedPolicy: UnmatchedPolicy?
    /// Its capacity; `.some(nil)` removes the limits.
    package var capacity: WorkspaceCapacity??
    /// Values for columns that the installation has added to `workspaces`, by their names; only for a new workspace.
    package var columns: [JSONValue.Member]?

    /// An empty change.
    package init() {}
}

/// Workspaces.
package struct WorkspaceStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// All workspaces that the caller may see, by name.
    package func list(as access: Access) async throws -> [WorkspaceRecord] {
        let parameters: Parameters = ["workspace": .uuid(access.workspaceID)]
        return try await session.run(Self.listWorkspaces, parameters, as: access).map(WorkspaceRecord.init)
    }

    /// One workspace, or nil if it does not exist or the caller may not see it.
    package func find(_ id: UUID, as access: Access) async throws -> WorkspaceRecord? {
        try await session.run(Self.oneWorkspace, ["id": .uuid(id)], as: access).first.map(WorkspaceRecord.init)
    }

    /// Creates a workspace; a repeated call with the same id and fields creates it once.
    ///
    /// Only for administrators.
    ///
    /// - Throws: `StoreError` naming `name`, `type`, `fallbackWorkspaceId`, or a column of the installation.
    package func create(id: UUID, _ change: WorkspaceChange, as access: Access) async throws -> WorkspaceRecord {
        guard let name = change.name else { throw StoreError(.invalid, field: "/name", "A workspace needs a name.") }
        try await check(change, name: name, id: id, as: access)
        let insertion = try await insertion(filling: change.columns)
        return try await session.createOnce {
            do {
                return try await save(insertion, id: id, change)
            } catch let error as StoreError where error.code == .invalid {
                throw try await requiringColumns(of: change.columns, error)
            } catch let error as PostgresError where change.columns != nil && error.sqlState?.hasPrefix("22") == true {
                throw StoreError(.invalid, field: "/columns", "A value does not fit its column. \(error.message)")
            }
        } stored: {
            try await find(id, as: access)
        } isSame: {
            change.makes($0)
        }
    }

    /// Changes a workspace.
    ///
    /// Only for administrators.
    ///
    /// - Throws: ``PreconditionFailure``, if the workspace does not fit the precondition.
    package func change(
        _ id: UUID,
        _ change: WorkspaceChange,
        if precondition: Precondition = .none,
        as access: Access
    ) async throws -> WorkspaceRecord {
        try await check(change, name: change.name, id: id, as: access)
        return try await save(Self.updateWorkspace, id: id, change, if: precondition)
    }

    /// Deletes a workspace: it is marked, inactive and no longer listed; its leads and its log are kept.
    ///
    /// - Returns: whether it existed.
    /// - Throws: ``PreconditionFailure``, if the workspace does not fit the precondition.
    package func delete(_ id: UUID, if precondition: Precondition = .none, as access: Access) async throws -> Bool {
        try Self.requireAdministrator(access)
        let parameters: Parameters = ["id": .uuid(id), "versions": .timestamps(precondition.versions)]
        if try await !session.write(Self.markWorkspaceDeleted, parameters, as: access).isEmpty { return true }
        try await refuse(id, unless: precondition)
        return false
    }

    /// Refuses a change of a workspace that does not fit a precondition.
    private func refuse(_ id: UUID, unless precondition: Precondition) async throws {
        guard precondition != .none, let stored = try await find(id, as: .administrator) else { return }
        if !precondition.fits(stored.version) { throw PreconditionFailure(current: stored.version) }
    }

    /// Refuses all callers except administrators.
    static func requireAdministrator(_ access: Access) throws {
        guard access == .administrator else {
            throw StoreError(.forbidden, "Only an administrator's key may do that.")
        }
    }

    private func check(_ change: WorkspaceChange, name: String?, id: UUID, as access: Access) async throws {
        try Self.requireAdministrator(access)
        if let name, name.isEmpty || name.utf8.count > 200 {
            throw StoreError(.invalid, field: "/name", "A name must have 1 to 200 bytes.")
        }
        if let type = change.type, type != "partner", type != "platform" {
            throw StoreError(.invalid, field: "/type", "The type must be partner or platform.")
        }
        if case .some(.some(let capacity)) = change.capacity {
            if let problem = capacity.problems.first {
                throw StoreError(.invalid, field: problem.field, problem.message, remedy: problem.remedy)
            }
            guard try await session.pool.query(Self.timeZone, ["name": .text(capacity.timeZone)]).first != nil else {
                throw StoreError(
                    .invalid,
                    field: "/capacity/timeZone",
                    "This time zone does not exist.",
                    remedy: "Use a name of the IANA database, such as Europe/Berlin."
                )
            }
        }
        if case .fallback(let destination) = change.unmatchedPolicy {
            guard destination != id, try await find(destination, as: .administrator) != nil else {
                throw StoreError(.invalid, field: "/fallbackWorkspaceId", "This must be another existing workspace.")
            }
        }
    }

    /// Runs the statement that creates a workspace, or with a precondition the one that changes it.
    private func save(
        _ statement: Statement,
        id: UUID,
        _ change: WorkspaceChange,
        if precondition: Precondition? = nil
    ) async throws -> WorkspaceRecord {
        var fallback: UUID?
        if case .fallback(let destination) = change.unmatchedPolicy { fallback = destination }
        var parameters: Parameters = [
            "id": .uuid(id),
            "name": .text(change.name),
            "type": .text(change.type),
            "is_active": .bool(change.isActive),
            "is_paused": .bool(change.isPaused),
            "unmatched_policy": .text(change.unmatchedPolicy?.storedName),
            "fallback": .uuid(fallback),
            "sets_capacity": .bool(change.capacity != nil),
            "capacity": .json(change.capacity.flatMap { $0 }?.settings.json),
        ]
        if let columns = change.columns { parameters.append("columns", .json(JSONValue.object(columns).json)) }
        if let precondition { parameters.append("versions", .timestamps(precondition.versions)) }
        let rows = try await session.write(statement, parameters, as: .administrator)
        guard let row = rows.first else {
            try await refuse(id, unless: precondition ?? Precondition.none)
            throw StoreError(.notFound, "This workspace does not exist.")
        }
        return try WorkspaceRecord(row)
    }

    static let timeZone = Statement(
        "time_zone",
        "SELECT z.name FROM pg_catalog.pg_timezone_names z WHERE z.name = :name"
    )
    static let listWorkspaces = Statement(
        "list_workspaces",
        """
        SELECT \(WorkspaceRecord.columns) FROM public.workspaces w
        WHERE w.deleted_at IS NULL AND (:workspace::uuid IS NULL OR w.id = :workspace)
        ORDER BY w.name, w.id
        """
    )
    static let oneWorkspace = Statement(
        "one_workspace",
        "SELECT \(WorkspaceRecord.columns) FROM public.workspaces w WHERE w.id = :id AND w.deleted_at IS NULL"
    )
    static let insertWorkspace = Statement("insert_workspace", insertion(columns: []))

    /// The statement that creates a workspace and fills columns of the installation, by their quoted names.
    static func insertion(columns: [String]) -> String {
        let names = columns.map { ", " + $0 }.joined()
        let values = columns.map { ", n." + $0 }.joined()
        return """
            INSERT INTO public.workspaces AS w
                (id, name, workspace_type, is_active, routing_paused_at, unmatched_policy, fallback_workspace_id, capacity\(names))
            SELECT :id::uuid, :name::text, coalesce(:type::text, 'partner'), coalesce(:is_active::boolean, true),
                CASE WHEN :is_paused::boolean THEN now() END, coalesce(:unmatched_policy::text, 'keep'), :fallback::uuid,
                CASE WHEN :sets_capacity::boolean THEN :capacity::jsonb END\(values)
            \(columns.isEmpty ? "" : "FROM jsonb_populate_record(NULL::public.workspaces, :columns::jsonb) n")
            RETURNING \(WorkspaceRecord.columns)
            """
    }
    static let updateWorkspace = Statement(
        "update_workspace",
        """
        UPDATE public.workspaces AS w SET
            name = coalesce(:name, w.name),
            workspace_type = coalesce(:type, w.workspace_type),
            is_active = coalesce(:is_active, w.is_active),
            routing_paused_at = CASE :is_paused::boolean WHEN true THEN coalesce(w.routing_paused_at, now())
                WHEN false THEN NULL ELSE w.routing_paused_at END,
            unmatched_policy = coalesce(:unmatched_policy, w.unmatched_policy),
            fallback_workspace_id = CASE WHEN :unmatched_policy::text IS NULL THEN w.fallback_workspace_id ELSE :fallback END,
            capacity = CASE WHEN :sets_capacity THEN :capacity ELSE w.capacity END,
            updated_at = greatest(clock_timestamp(), w.updated_at + interval '1 microsecond')
        WHERE w.id = :id AND w.deleted_at IS NULL
            AND (cardinality(:versions::timestamptz[]) = 0 OR coalesce(w.updated_at, w.created_at) = ANY (:versions))
        RETURNING \(WorkspaceRecord.columns)
        """
    )
    static let markWorkspaceDeleted = Statement(
        "mark_workspace_deleted",
        """
        UPDATE public.workspaces SET deleted_at = now(), is_active = false, updated_at = now()
        WHERE id = :id AND deleted_at IS NULL
            AND (cardinality(:versions::timestamptz[]) = 0 OR coalesce(updated_at, created_at) = ANY (:versions))
        RETURNING id
        """
    )
}

extension UnmatchedPolicy {
    /// The stored form of `workspaces.unmatched_policy`.
    var storedName: String {
        switch self {
        case .keep: "keep"
        case .fallback: "fallback"
        case .retry: "retry"
        }
    }
}
