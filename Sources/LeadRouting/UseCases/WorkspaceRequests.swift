package import FoundationEssentials
package import LeadStore
package import RoutingRules

/// What a caller may ask of workspaces, their capacity and their people.
package struct WorkspaceRequests: Sendable {
    let stores: Stores

    /// The workspaces that the caller may see, by name.
    ///
    /// - Throws: ``RequestError``.
    package func workspaces(as caller: Caller) async throws -> [WorkspaceRecord] {
        try caller.require(.workspacesRead)
        return try await mappingErrors { try await stores.workspaces.workspaces(as: caller.access) }
    }

    /// The names of the workspaces that the caller may see, for reports that are read by people.
    ///
    /// - Throws: ``RequestError``.
    package func names(as caller: Caller) async throws -> [UUID: String] {
        try await mappingErrors {
            let records = try await stores.workspaces.workspaces(as: caller.access)
            return Dictionary(records.map { ($0.workspace.id, $0.workspace.name) }) { first, _ in first }
        }
    }

    /// One workspace.
    ///
    /// - Throws: ``RequestError/noSuchWorkspace``.
    package func workspace(_ id: UUID, as caller: Caller) async throws -> WorkspaceRecord {
        try caller.require(.workspacesRead)
        return try await mappingErrors {
            guard let workspace = try await stores.workspaces.workspace(id, as: caller.access) else {
                throw RequestError.noSuchWorkspace
            }
            return workspace
        }
    }

    /// Creates a workspace, for administrators; with an `id`, repeated, it is made once.
    ///
    /// - Throws: ``RequestError``.
    package func create(id: UUID? = nil, _ change: WorkspaceChange, as caller: Caller) async throws -> WorkspaceRecord {
        try caller.require(.workspacesWrite)
        return try await mappingErrors {
            try await stores.by(caller.id).workspaces.createWorkspace(id: id ?? UUID.new(), change, as: caller.access)
        }
    }

    /// Changes what is set in `change`, for administrators.
    ///
    /// - Throws: ``RequestError``.
    package func change(_ id: UUID, _ change: WorkspaceChange, as caller: Caller) async throws -> WorkspaceRecord {
        try caller.require(.workspacesWrite)
        return try await mappingErrors {
            try await stores.by(caller.id).workspaces.changeWorkspace(id, change, as: caller.access)
        }
    }

    /// Deletes a workspace, for administrators.
    ///
    /// - Throws: ``RequestError``; `.conflict` while rules send leads there.
    package func delete(_ id: UUID, as caller: Caller) async throws {
        try caller.require(.workspacesWrite)
        try await mappingErrors {
            guard try await stores.by(caller.id).workspaces.deleteWorkspace(id, as: caller.access) else {
                throw RequestError.noSuchWorkspace
            }
        }
    }

    /// How much of a workspace's capacity is used now.
    ///
    /// - Throws: ``RequestError/noSuchWorkspace``.
    package func capacityUsage(of workspace: UUID, as caller: Caller) async throws -> CapacityUsage {
        try caller.require(.workspacesRead)
        return try await mappingErrors {
            guard let usage = try await stores.capacity.capacityUsage(of: workspace, as: caller.access) else {
                throw RequestError.noSuchWorkspace
            }
            return usage
        }
    }

    /// The people of a workspace, by name.
    ///
    /// - Throws: ``RequestError``.
    package func assignees(of workspace: UUID, as caller: Caller) async throws -> [Assignee] {
        try caller.require(.workspacesRead)
        return try await mappingErrors { try await stores.assignees.assignees(of: workspace, as: caller.access) }
    }

    /// Adds a person to a workspace; with an `id`, repeated, once.
    ///
    /// - Throws: ``RequestError``.
    package func createAssignee(
        id: UUID? = nil,
        of workspace: UUID,
        _ change: AssigneeChange,
        as caller: Caller
    ) async throws -> Assignee {
        try caller.require(.workspacesWrite)
        return try await mappingErrors {
            try await stores.by(caller.id)
                .assignees.createAssignee(id: id ?? UUID.new(), of: workspace, change, as: caller.access)
        }
    }

    /// Changes what is set in `change`.
    ///
    /// - Throws: ``RequestError``; `.notFound` without such a person.
    package func changeAssignee(
        _ id: UUID,
        of workspace: UUID,
        _ change: AssigneeChange,
        as caller: Caller
    ) async throws -> Assignee {
        try caller.require(.workspacesWrite)
        return try await mappingErrors {
            try await stores.by(caller.id).assignees.changeAssignee(id, of: workspace, change, as: caller.access)
        }
    }

    /// Removes a person.
    ///
    /// - Throws: ``RequestError``; `.notFound` without such a person.
    package func deleteAssignee(_ id: UUID, of workspace: UUID, as caller: Caller) async throws {
        try caller.require(.workspacesWrite)
        try await mappingErrors {
            guard try await stores.by(caller.id).assignees.deleteAssignee(id, of: workspace, as: caller.access) else {
                throw RequestError.notFound("There is no such assignee in this workspace.")
            }
        }
    }
}
