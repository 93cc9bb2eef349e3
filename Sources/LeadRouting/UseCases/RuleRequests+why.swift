package import FoundationEssentials
import LeadStore

extension RuleRequests {
    /// Explains why a workspace receives leads, or none.
    ///
    /// The newest fifty leads are decided again by every rule, so it runs where analyses run, within their time limit.
    ///
    /// - Parameters:
    ///   - workspace: the workspace.
    ///   - caller: an administrator, since rules and leads of other workspaces are named; `rules:read` and `leads:read`.
    /// - Returns: the explanation.
    /// - Throws: ``RequestError/noSuchWorkspace``.
    package func why(_ workspace: UUID, as caller: Caller) async throws -> WorkspaceExplanation {
        try caller.require(.rulesRead)
        try caller.require(.leadsRead)
        try caller.requireAdministrator(.rulesRead)
        return try await mappingErrors {
            let explanation = try await analyses.run(for: caller) { stores in
                try await WorkspaceExplainer(stores: stores, timeLimit: timeLimit).explain(workspace)
            }
            guard let explanation else { throw RequestError.noSuchWorkspace }
            return explanation
        }
    }
}
