package import FoundationEssentials
package import JSON
package import LeadStore
package import RoutingRules

/// Which state of an owner's rule set.
package enum RuleSetState: Sendable, Hashable {
    /// The current rules.
    case live
    /// The draft.
    case draft
    /// The rules at a version.
    case version(Int64)
}

/// Requests about rule sets: an owner's rules and golden leads as one document.
///
/// A workspace's key accesses the rules of that workspace only; no owner means the platform, whose rules belong to
/// administrators.
package struct RuleSetRequests: Sendable {
    let stores: Stores

    /// An owner's current rules.
    ///
    /// - Throws: ``RequestError``.
    package func live(of owner: UUID?, as caller: Caller) async throws -> OwnedRuleSet {
        try caller.require(.rulesRead)
        return try await mappingErrors { try await stores.ruleSets.owned(by: owner, as: caller.access) }
    }

    /// An owner's rules at a version.
    ///
    /// - Throws: ``RequestError``; `.notFound` for a version that is not kept.
    package func version(_ version: Int64, of owner: UUID?, as caller: Caller) async throws -> OwnedRuleSet {
        try caller.require(.rulesRead)
        return try await mappingErrors {
            try await stores.ruleSets.owned(by: owner, asOf: version, as: caller.access)
        }
    }

    /// An owner's draft.
    ///
    /// - Throws: ``RequestError``; `.notFound` without a draft.
    package func draft(of owner: UUID?, as caller: Caller) async throws -> RuleSetDraft {
        try caller.require(.rulesRead)
        return try await mappingErrors {
            guard let draft = try await stores.drafts.find(of: owner, as: caller.access) else { throw Self.noDraft }
            return draft
        }
    }

    /// An owner's versions, newest first.
    ///
    /// - Parameters:
    ///   - owner: the owner; nil for the platform.
    ///   - before: only versions before this one.
    ///   - limit: the most that are returned.
    ///   - caller: the caller; `rules:read`.
    /// - Returns: the versions.
    /// - Throws: ``RequestError``.
    package func versions(
        of owner: UUID?,
        before: Int64?,
        limit: Int,
        as caller: Caller
    ) async throws -> [RuleSetVersionSummary] {
        try caller.require(.rulesRead)
        return try await mappingErrors {
            try await stores.ruleSets.versions(of: owner, before: before, limit: limit, as: caller.access)
        }
    }

    /// The differences between two states of an owner's rules.
    ///
    /// - Throws: ``RequestError``; `.notFound` without such a draft or version.
    package func difference(
        of owner: UUID?,
        from before: RuleSetState,
        to after: RuleSetState,
        as caller: Caller
    ) async throws -> RuleSetDifference {
        RuleSetDifference(
            from: try await document(of: owner, in: before, as: caller),
            to: try await document(of: owner, in: after, as: caller)
        )
    }

    private func document(of owner: UUID?, in state: RuleSetState, as caller: Caller) async throws -> RuleSetDocument {
        switch state {
        case .live: try await live(of: owner, as: caller).document
        case .draft: try await draft(of: owner, as: caller).document
        case .version(let version): try await self.version(version, of: owner, as: caller).document
        }
    }

    /// Saves an owner's draft.
    ///
    /// - Parameters:
    ///   - tree: the document, workspaces by id or by name.
    ///   - owner: the owner.
    ///   - checking: whether it is refused for problems that would prevent its publication, such as failing golden
    ///     leads.
    ///   - caller: the caller; `rules:write`.
    /// - Returns: the draft.
    /// - Throws: ``RequestError``; `.invalid` with all problems.
    package func saveDraft(
        _ tree: JSONValue,
        of owner: UUID?,
        checking: Bool = false,
        as caller: Caller
    ) async throws -> RuleSetDraft {
        try caller.require(.rulesWrite)
        return try await mappingErrors {
            let workspaces = try await stores.workspaces.list(as: caller.access).map(\.workspace)
            let document = try RuleSetDocument(WorkspaceNaming(workspaces).resolved(tree))
            return try await stores.acting(as: caller.id)
                .drafts.save(document, of: owner, checking: checking, as: caller.access)
        }
    }

    /// Discards an owner's draft.
    ///
    /// - Throws: ``RequestError``; `.notFound` without a draft.
    package func deleteDraft(of owner: UUID?, as caller: Caller) async throws {
        try caller.require(.rulesWrite)
        try await mappingErrors {
            guard try await stores.drafts.delete(of: owner, as: caller.access) else { throw Self.noDraft }
        }
    }

    /// Publishes an owner's draft, if its golden leads have their expected results.
    ///
    /// - Parameters:
    ///   - owner: the owner.
    ///   - expected: the version that the caller expects to be current; nil for the one on which the draft is based.
    ///   - note: a note for the history.
    ///   - caller: the caller; `rules:write`.
    /// - Returns: the publication.
    /// - Throws: ``RequestError``: `.conflict` if the rules have changed since the draft was created; `.invalid` with
    ///   failing golden leads.
    package func publish(
        of owner: UUID?,
        expected: Int64?,
        note: String?,
        as caller: Caller
    ) async throws -> RuleSetPublication {
        try caller.require(.rulesWrite)
        return try await mappingErrors {
            try await stores.acting(as: caller.id).publishing
                .publish(of: owner, expected: expected, note: note, as: caller.access)
        }
    }

    /// Restores an owner's rules at a version, as a new version.
    ///
    /// - Throws: ``RequestError``; `.notFound` for a version that is not kept.
    package func returnToVersion(
        _ version: Int64,
        of owner: UUID?,
        note: String?,
        as caller: Caller
    ) async throws -> RuleSetPublication {
        try caller.require(.rulesWrite)
        return try await mappingErrors {
            try await stores.acting(as: caller.id).publishing
                .restore(version: version, of: owner, note: note, as: caller.access)
        }
    }

    private static let noDraft = RequestError.notFound("No draft is stored.")
}
