package import FoundationEssentials
package import LeadStore

extension WorkspaceRequests {
    /// Deletes a workspace, for administrators: it is no longer listed, its keys end, and its leads and its log are kept.
    ///
    /// A workspace that active rules, fallbacks, agreements or waiting leads refer to is only archived on request,
    /// because leads would go elsewhere or stay. ``restore(_:as:)`` undoes both for 30 days.
    ///
    /// - Parameters:
    ///   - id: the workspace.
    ///   - archives: whether it is deleted although something refers to it.
    ///   - precondition: what the workspace must fit.
    ///   - caller: an administrator; `workspaces:write`.
    /// - Throws: ``RequestError``; `.conflict` with the list of what refers to it.
    package func delete(
        _ id: UUID,
        archives: Bool = false,
        if precondition: Precondition = .none,
        as caller: Caller
    ) async throws {
        try caller.require(.workspacesWrite)
        try await mappingErrors {
            let workspaces = stores.acting(as: caller.id).workspaces
            if caller.isAdministrator, !archives, let stored = try await workspaces.find(id, as: caller.access) {
                guard precondition.fits(stored.version) else { throw PreconditionFailure(current: stored.version) }
                let references = try await workspaces.references(to: id)
                if !references.isEmpty { throw RequestError.inUse(by: references) }
            }
            guard try await workspaces.delete(id, if: precondition, as: caller.access) else {
                throw RequestError.noSuchWorkspace
            }
        }
    }

    /// Restores a workspace that was deleted within the last 30 days, for administrators; it is active again, and its
    /// keys are valid again.
    ///
    /// - Throws: ``RequestError/noSuchWorkspace``, also for one that was deleted earlier.
    package func restore(_ id: UUID, as caller: Caller) async throws -> WorkspaceRecord {
        try caller.require(.workspacesWrite)
        return try await mappingErrors {
            guard
                let restored = try await stores.acting(as: caller.id).workspaces.restore(id, as: caller.access)
            else { throw RequestError.noSuchWorkspace }
            return restored
        }
    }
}

extension RequestError {
    /// A workspace that something refers to.
    fileprivate static func inUse(by references: [WorkspaceReference]) -> RequestError {
        let parts = WorkspaceReference.Kind.allCases.compactMap { kind -> String? in
            let all = references.filter { $0.kind == kind }
            guard let first = all.first else { return nil }
            let names = all.prefix(10).map { "“\($0.name)”" }.joined(separator: ", ")
            let more = all.count > 10 ? " and \(all.count - 10) more" : ""
            return switch kind {
            case .rule: "rules send leads there: \(names)\(more)"
            case .fallback: "unmatched leads go there from: \(names)\(more)"
            case .agreement: "it has agreements with: \(names)\(more)"
            case .waitingLeads: "\(first.count) of its leads wait"
            }
        }
        return .conflict(
            reason: "This workspace is in use: \(parts.joined(separator: "; ")).",
            remedy: """
                Change these first, or send DELETE …?archive: it is deleted all the same, and POST \
                /api/workspaces/{id}/restore undoes that for 30 days.
                """
        )
    }
}
