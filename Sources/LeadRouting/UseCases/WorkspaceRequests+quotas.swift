package import FoundationEssentials
package import LeadStore
import RoutingRules

extension WorkspaceRequests {
    /// The quotas of a workspace, and their use.
    ///
    /// - Throws: ``RequestError/noSuchWorkspace``.
    package func quotas(of workspace: UUID, as caller: Caller) async throws -> WorkspaceQuotas {
        try caller.require(.workspacesRead)
        return try await mappingErrors {
            guard try await stores.workspaces.find(workspace, as: caller.access) != nil,
                let quotas = try await stores.quotas.find(of: workspace)
            else { throw RequestError.noSuchWorkspace }
            return quotas
        }
    }

    /// Sets quotas of a workspace, for administrators; nil takes one back to the installation's.
    ///
    /// A workspace that is beyond a smaller quota keeps what it has, and may change and delete it.
    ///
    /// - Throws: ``RequestError``.
    package func setQuotas(
        _ changes: [Quota: Int?],
        of workspace: UUID,
        as caller: Caller
    ) async throws -> WorkspaceQuotas {
        try caller.requireAdministrator(.workspacesWrite)
        return try await mappingErrors {
            guard try await stores.workspaces.find(workspace, as: caller.access) != nil else {
                throw RequestError.noSuchWorkspace
            }
            try await stores.acting(as: caller.id).quotas.set(changes, of: workspace)
            guard let quotas = try await stores.quotas.find(of: workspace) else { throw RequestError.noSuchWorkspace }
            return quotas
        }
    }
}
