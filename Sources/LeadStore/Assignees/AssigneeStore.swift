package import FoundationEssentials
import JSON
package import Postgres
package import RoutingRules

/// The changes of an assignee; nil leaves a field unchanged.
package struct AssigneeChange: Sendable, Hashable {
    /// The name.
    package var name: String?
    /// The person's share: 1 to 1,000.
    package var weight: Int64?
    /// The caps.
    package var caps: [Cap]?
    /// The beginning of an absence, in microseconds since 1970.
    package var absentFrom: Int64??
    /// The end of an absence, in microseconds since 1970.
    package var absentUntil: Int64??
    /// Whether the person is active.
    package var isActive: Bool?

    /// An empty change.
    package init() {}
}

/// A stored assignee.
package struct AssigneeRecord: Sendable, Hashable {
    /// The person.
    package let assignee: Assignee
    /// The version that a ``Precondition`` names: when it last changed.
    package let version: Timestamp

    /// The columns that ``init(_:)`` reads, of `workspace_assignees a`.
    static let columns = Assignee.columns + ", coalesce(a.updated_at, a.created_at)"

    init(_ row: Row) throws {
        assignee = try Assignee(row)
        version = try row.timestamp(8)
    }
}

/// The people of workspaces to whom leads are assigned.
package struct AssigneeStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// The people of a workspace, by name.
    package func list(of workspace: UUID, as access: Access) async throws -> [AssigneeRecord] {
        try await session.run(Self.listAssignees, ["workspace": .uuid(workspace)], as: access).map(AssigneeRecord.init)
    }

    /// One person of a workspace, or nil if it does not exist or the caller may not see it.
    package func find(_ id: UUID, of workspace: UUID, as access: Access) async throws -> AssigneeRecord? {
        let parameters: Parameters = ["id": .uuid(id), "workspace": .uuid(workspace)]
        return try await session.run(Self.oneAssignee, parameters, as: access).first.map(AssigneeRecord.init)
    }

    /// Adds a person to a workspace, with an equal turn; a repeated call with the same id and fields adds it once.
    ///
    /// - Throws: `StoreError` naming the field; `.notFound` for a workspace that the caller may not change.
    package func create(
        id: UUID,
        of workspace: UUID,
        _ change: AssigneeChange,
        as access: Access
    ) async throws -> AssigneeRecord {
        guard change.name != nil else { throw StoreError(.invalid, field: "/name", "An assignee needs a name.") }
        try Self.requireOwn(workspace, access)
        let parameters = Self.parameters(id, of: workspace, change)
        return try await session.createOnce {
            let rows = try await session.write(Self.insertAssignee, parameters, as: access, fields: Self.assigneeFields)
            guard let row = rows.first else { throw Self.noSuchWorkspaceHere }
            return try AssigneeRecord(row)
        } stored: {
            try await find(id, of: workspace, as: access)
        } isSame: {
            change.makes($0.assignee, of: workspace)
        }
    }

    /// Changes a person; turns and counters are kept.
    ///
    /// - Throws: ``PreconditionFailure``, if the person does not fit the precondition.
    package func change(
        _ id: UUID,
        of workspace: UUID,
        _ change: AssigneeChange,
        if precondition: Precondition = .none,
        as access: Access
    ) async throws -> AssigneeRecord {
        try Self.requireOwn(workspace, access)
        let parameters = Self.parameters(id, of: workspace, change, if: precondition)
        let rows = try await session.write(Self.updateAssignee, parameters, as: access, fields: Self.assigneeFields)
        guard let row = rows.first else {
            try await refuse(id, of: workspace, unless: precondition, as: access)
            throw StoreError(.notFound, "This workspace has no such assignee.")
        }
        return try AssigneeRecord(row)
    }

    /// Refuses a change of a person who does not fit a precondition.
    private func refuse(
        _ id: UUID,
        of workspace: UUID,
        unless precondition: Precondition,
        as access: Access
    ) async throws {
        guard precondition != .none, let stored = try await find(id, of: workspace, as: access) else { return }
        if !precondition.fits(stored.version) { throw PreconditionFailure(current: stored.version) }
    }

    /// Removes a person; leads keep the id.
    ///
    /// - Returns: whether it existed.
    /// - Throws: ``PreconditionFailure``, if the person does not fit the precondition.
    package func delete(
        _ id: UUID,
        of workspace: UUID,
        if precondition: Precondition = .none,
        as access: Access
    ) async throws -> Bool {
        try Self.requireOwn(workspace, access)
        let parameters: Parameters = [
            "id": .uuid(id),
            "workspace": .uuid(workspace),
            "versions": .timestamps(precondition.versions),
        ]
        if try await !session.write(Self.removeAssignee, parameters, as: access).isEmpty { return true }
        try await refuse(id, of: workspace, unless: precondition, as: access)
        return false
    }

    private static func requireOwn(_ workspace: UUID, _ access: Access) throws {
        if let own = access.workspaceID, own != workspace { throw noSuchWorkspaceHere }
    }

    private static let noSuchWorkspaceHere = StoreError(.notFound, "This workspace does not exist.")

    /// The values of a person; with a precondition for a change of one.
    private static func parameters(
        _ id: UUID,
        of workspace: UUID,
        _ change: AssigneeChange,
        if precondition: Precondition? = nil
    ) -> Parameters {
        func time(_ value: Int64??) -> Timestamp? {
            value.flatMap { $0 }.map { Timestamp(microsecondsSinceUnixEpoch: $0) }
        }
        var parameters: Parameters = [
            "id": .uuid(id),
            "workspace": .uuid(workspace),
            "name": .text(change.name),
            "weight": .int32(change.weight.map { Int32(clamping: $0) }),
            "caps": .json(change.caps.map { Cap.settings($0).json }),
            "sets_absent_from": .bool(change.absentFrom != nil),
            "absent_from": .timestamp(time(change.absentFrom)),
            "sets_absent_until": .bool(change.absentUntil != nil),
            "absent_until": .timestamp(time(change.absentUntil)),
            "is_active": .bool(change.isActive),
        ]
        if let precondition { parameters.append("versions", .timestamps(precondition.versions)) }
        return parameters
    }

    private static let assigneeFields = [
        "workspace_assignees_weight_check": "/weight", "workspace_assignees_name_check": "/name",
        "workspace_assignees_absence_check": "/absentUntil",
    ]
    static let listAssignees = Statement(
        "list_assignees",
        "SELECT \(AssigneeRecord.columns) FROM public.workspace_assignees a WHERE a.workspace_id = :workspace ORDER BY a.name, a.id"
    )
    static let oneAssignee = Statement(
        "one_assignee",
        "SELECT \(AssigneeRecord.columns) FROM public.workspace_assignees a WHERE a.id = :id AND a.workspace_id = :workspace"
    )
    static let insertAssignee = Statement(
        "insert_assignee",
        """
        INSERT INTO public.workspace_assignees AS a (id, workspace_id, name, weight, caps, absent_from, absent_until, is_active)
        SELECT :id, w.id, :name, coalesce(:weight, 1), coalesce(:caps, '[]'::jsonb), CASE WHEN :sets_absent_from THEN :absent_from::timestamptz END, CASE WHEN :sets_absent_until THEN :absent_until::timestamptz END,
            coalesce(:is_active, true)
        FROM public.workspaces w WHERE w.id = :workspace AND w.deleted_at IS NULL
        RETURNING \(AssigneeRecord.columns)
        """
    )
    static let updateAssignee = Statement(
        "update_assignee",
        """
        UPDATE public.workspace_assignees AS a SET
            name = coalesce(:name, a.name),
            weight = coalesce(:weight, a.weight),
            caps = coalesce(:caps, a.caps),
            absent_from = CASE WHEN :sets_absent_from THEN :absent_from ELSE a.absent_from END,
            absent_until = CASE WHEN :sets_absent_until THEN :absent_until ELSE a.absent_until END,
            is_active = coalesce(:is_active, a.is_active),
            updated_at = greatest(clock_timestamp(), coalesce(a.updated_at, a.created_at) + interval '1 microsecond')
        WHERE a.id = :id AND a.workspace_id = :workspace
            AND (cardinality(:versions::timestamptz[]) = 0 OR coalesce(a.updated_at, a.created_at) = ANY (:versions))
        RETURNING \(AssigneeRecord.columns)
        """
    )
    static let removeAssignee = Statement(
        "remove_assignee",
        """
        DELETE FROM public.workspace_assignees WHERE id = :id AND workspace_id = :workspace
            AND (cardinality(:versions::timestamptz[]) = 0 OR coalesce(updated_at, created_at) = ANY (:versions))
        RETURNING id
        """
    )
}

extension Assignee {
    /// The columns that ``init(_:)`` reads, of `workspace_assignees a`.
    static let columns = """
        a.id, a.workspace_id, a.name::text, a.weight, a.caps::text, a.absent_from, a.absent_until, a.is_active
        """

    /// A person of a row; one with unreadable caps takes no leads.
    init(_ row: Row) throws {
        let (caps, problems) = Cap.list(JSONValue(json: try row.string(4)) ?? .null)
        self.init(
            id: try row.uuid(0),
            workspaceID: try row.uuid(1),
            name: try row.string(2),
            weight: Int64(try row.int32(3)),
            caps: caps,
            absentFrom: try row.timestampIfPresent(5)?.microsecondsSinceUnixEpoch,
            absentUntil: try row.timestampIfPresent(6)?.microsecondsSinceUnixEpoch,
            isActive: try row.bool(7) && problems.isEmpty
        )
    }
}
