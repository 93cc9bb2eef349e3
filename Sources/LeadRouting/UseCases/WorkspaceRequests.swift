package import FoundationEssentials
package import LeadStore
import RoutingRules

/// Requests about workspaces, their capacity and assignees.
package struct WorkspaceRequests: Sendable {
    let stores: Stores

    /// The workspaces that the caller may see, by name.
    ///
    /// - Throws: ``RequestError``.
    package func list(as caller: Caller) async throws -> [WorkspaceRecord] {
        try caller.require(.workspacesRead)
        return try await mappingErrors { try await stores.workspaces.list(as: caller.access) }
    }

    /// The names of the workspaces that the caller may see, for reports.
    ///
    /// - Throws: ``RequestError``.
    package func names(as caller: Caller) async throws -> [UUID: String] {
        try await mappingErrors {
            let records = try await stores.workspaces.list(as: caller.access)
            return Dictionary(records.map { ($0.workspace.id, $0.workspace.name) }) { first, _ in first }
        }
    }

    /// One workspace.
    ///
    /// - Throws: ``RequestError/noSuchWorkspace``.
    package func find(_ id: UUID, as caller: Caller) async throws -> WorkspaceRecord {
        try caller.require(.workspacesRead)
        return try await mappingErrors {
            guard let workspace = try await stores.workspaces.find(id, as: caller.access) else {
                throw RequestError.noSuchWorkspace
            }
            return workspace
        }
    }

    /// The workspace of an id or a name, in any case.
    ///
    /// - Throws: ``RequestError``; `.invalid` when the caller sees none of that name, or more than one.
    package func find(named text: String, as caller: Caller) async throws -> WorkspaceRecord {
        let all = try await list(as: caller)
        let problem: (message: String, remedy: String)
        switch WorkspaceNames(all.map(\.workspace)).find(text) {
        case .one(let id):
            if let found = all.first(where: { $0.workspace.id == id }) { return found }
            throw RequestError.noSuchWorkspace
        case .several: problem = ("More than one workspace is called “\(text)”.", "Name it by its id.")
        case .none:
            let names = all.prefix(20).map(\.workspace.name).joined(separator: ", ")
            problem = (
                "The workspace “\(text)” does not exist.",
                all.isEmpty
                    ? "There are no workspaces yet: create them with `switchyard demo` or POST /api/workspaces."
                    : "There are: \(names)."
            )
        }
        throw RequestError.invalid([
            FieldProblem(field: "workspace", message: problem.message, remedy: problem.remedy)
        ])
    }

    /// Creates a workspace, for administrators; a repeated request with an `id` creates it once.
    ///
    /// - Throws: ``RequestError``.
    package func create(id: UUID? = nil, _ change: WorkspaceChange, as caller: Caller) async throws -> WorkspaceRecord {
        try caller.require(.workspacesWrite)
        return try await mappingErrors {
            try await stores.acting(as: caller.id).workspaces.create(id: id ?? UUID.new(), change, as: caller.access)
        }
    }

    /// Changes what is set in `change`, for administrators.
    ///
    /// - Throws: ``RequestError``; `.preconditionFailed` for a workspace that does not fit the precondition.
    package func change(
        _ id: UUID,
        _ change: WorkspaceChange,
        if precondition: Precondition = .none,
        as caller: Caller
    ) async throws -> WorkspaceRecord {
        try caller.require(.workspacesWrite)
        return try await mappingErrors {
            try await stores.acting(as: caller.id).workspaces.change(id, change, if: precondition, as: caller.access)
        }
    }

    /// The current use of a workspace's capacity.
    ///
    /// - Throws: ``RequestError/noSuchWorkspace``.
    package func capacityUsage(of workspace: UUID, as caller: Caller) async throws -> CapacityUsage {
        try caller.require(.workspacesRead)
        return try await mappingErrors {
            guard let usage = try await stores.capacity.usage(of: workspace, as: caller.access) else {
                throw RequestError.noSuchWorkspace
            }
            return usage
        }
    }

    /// The people of a workspace, by name.
    ///
    /// - Throws: ``RequestError``; ``RequestError/noSuchWorkspace`` for one that the caller may not see.
    package func assignees(of workspace: UUID, as caller: Caller) async throws -> [AssigneeRecord] {
        try caller.require(.workspacesRead)
        return try await mappingErrors {
            let people = try await stores.assignees.list(of: workspace, as: caller.access)
            if people.isEmpty, try await stores.workspaces.find(workspace, as: caller.access) == nil {
                throw RequestError.noSuchWorkspace
            }
            return people
        }
    }

    /// One person of a workspace.
    ///
    /// - Throws: ``RequestError``; `.notFound` without such a person.
    package func assignee(_ id: UUID, of workspace: UUID, as caller: Caller) async throws -> AssigneeRecord {
        try caller.require(.workspacesRead)
        return try await mappingErrors {
            guard let person = try await stores.assignees.find(id, of: workspace, as: caller.access) else {
                throw RequestError.noSuchAssignee
            }
            return person
        }
    }

    /// Adds a person to a workspace; a repeated request with an `id` adds it once.
    ///
    /// - Throws: ``RequestError``.
    package func createAssignee(
        id: UUID? = nil,
        of workspace: UUID,
        _ change: AssigneeChange,
        as caller: Caller
    ) async throws -> AssigneeRecord {
        try caller.require(.workspacesWrite)
        return try await mappingErrors {
            try await stores.acting(as: caller.id)
                .assignees.create(id: id ?? UUID.new(), of: workspace, change, as: caller.access)
        }
    }

    /// Changes what is set in `change`.
    ///
    /// - Throws: ``RequestError``; `.notFound` without such a person, `.preconditionFailed` for one who does not fit the
    ///   precondition.
    package func changeAssignee(
        _ id: UUID,
        of workspace: UUID,
        _ change: AssigneeChange,
        if precondition: Precondition = .none,
        as caller: Caller
    ) async throws -> AssigneeRecord {
        try caller.require(.workspacesWrite)
        return try await mappingErrors {
            try await stores.acting(as: caller.id)
                .assignees.change(id, of: workspace, change, if: precondition, as: caller.access)
        }
    }

    /// Removes a person.
    ///
    /// - Throws: ``RequestError``; `.notFound` without such a person, `.preconditionFailed` for one who does not fit the
    ///   precondition.
    package func deleteAssignee(
        _ id: UUID,
        of workspace: UUID,
        if precondition: Precondition = .none,
        as caller: Caller
    ) async throws {
        try caller.require(.workspacesWrite)
        try await mappingErrors {
            let assignees = stores.acting(as: caller.id).assignees
            guard try await assignees.delete(id, of: workspace, if: precondition, as: caller.access) else {
                throw RequestError.noSuchAssignee
            }
        }
    }
}
