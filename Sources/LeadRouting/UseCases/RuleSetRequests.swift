package import FoundationEssentials
package import JSON
package import LeadStore
package import RoutingRules

/// Which state of an owner's rule set is meant.
package enum RuleSetState: Sendable, Hashable {
    /// What decides leads now.
    case live
    /// What is being worked on.
    case draft
    /// What was in force at a version.
    case version(Int64)
}

/// What a caller may ask of rule sets: an owner's rules and golden leads as one document.
///
/// A workspace's key works on the rules of that workspace only; no owner stands for the platform, whose rules are
/// administrators'.
package struct RuleSetRequests: Sendable {
    let stores: Stores

    /// An owner's rules as they decide leads now.
    ///
    /// - Throws: ``RequestError``.
    package func live(of owner: UUID?, as caller: Caller) async throws -> OwnedRuleSet {
        try requireOwner(owner, .rulesRead, caller)
        return try await mappingErrors { try await stores.ruleSets.owned(by: owner, as: caller.access) }
    }

    /// An owner's rules as they were at a version.
    ///
    /// - Throws: ``RequestError``; `.notFound` for a version that is not kept.
    package func version(_ version: Int64, of owner: UUID?, as caller: Caller) async throws -> OwnedRuleSet {
        try requireOwner(owner, .rulesRead, caller)
        return try await mappingErrors {
            try await stores.ruleSets.owned(by: owner, asOf: version, as: caller.access)
        }
    }

    /// An owner's draft.
    ///
    /// - Throws: ``RequestError``; `.notFound` without a draft.
    package func draft(of owner: UUID?, as caller: Caller) async throws -> RuleSetDraft {
        try requireOwner(owner, .rulesRead, caller)
        return try await mappingErrors {
            guard let draft = try await stores.drafts.find(of: owner, as: caller.access) else { throw Self.noDraft }
            return draft
        }
    }

    /// An owner's versions, newest first.
    ///
    /// - Parameters:
    ///   - owner: whose; nil: the platform's.
    ///   - before: only versions before this one.
    ///   - limit: how many at most.
    ///   - caller: the caller; `rules:read`.
    /// - Returns: the versions.
    /// - Throws: ``RequestError``.
    package func versions(
        of owner: UUID?,
        before: Int64?,
        limit: Int,
        as caller: Caller
    ) async throws -> [RuleSetVersionSummary] {
        try requireOwner(owner, .rulesRead, caller)
        return try await mappingErrors {
            try await stores.ruleSets.versions(of: owner, before: before, limit: limit, as: caller.access)
        }
    }

    /// What differs between two states of an owner's rules.
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
    ///   - owner: whose.
    ///   - checking: whether it is refused for what would keep it from being published, golden leads among that.
    ///   - caller: the caller; `rules:write`.
    /// - Returns: the draft.
    /// - Throws: ``RequestError``; `.invalid` with every place that is wrong.
    package func saveDraft(
        _ tree: JSONValue,
        of owner: UUID?,
        checking: Bool = false,
        as caller: Caller
    ) async throws -> RuleSetDraft {
        try requireOwner(owner, .rulesWrite, caller)
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
        try requireOwner(owner, .rulesWrite, caller)
        try await mappingErrors {
            guard try await stores.drafts.delete(of: owner, as: caller.access) else { throw Self.noDraft }
        }
    }

    /// Makes an owner's draft its rules, if its golden leads go where they should.
    ///
    /// - Parameters:
    ///   - owner: whose.
    ///   - expected: the version that the caller believes to be live; nil: the one that the draft was made from.
    ///   - note: why.
    ///   - caller: the caller; `rules:write`.
    /// - Returns: what it has done.
    /// - Throws: ``RequestError``: `.conflict` if the rules have changed since the draft was made; `.invalid` naming golden
    ///   leads that fail.
    package func publish(
        of owner: UUID?,
        expected: Int64?,
        note: String?,
        as caller: Caller
    ) async throws -> RuleSetPublication {
        try requireOwner(owner, .rulesWrite, caller)
        return try await mappingErrors {
            try await stores.acting(as: caller.id).publishing
                .publish(of: owner, expected: expected, note: note, as: caller.access)
        }
    }

    /// Brings back what an owner's rules were at a version, as a new version.
    ///
    /// - Throws: ``RequestError``; `.notFound` for a version that is not kept.
    package func returnToVersion(
        _ version: Int64,
        of owner: UUID?,
        note: String?,
        as caller: Caller
    ) async throws -> RuleSetPublication {
        try requireOwner(owner, .rulesWrite, caller)
        return try await mappingErrors {
            try await stores.acting(as: caller.id).publishing
                .restore(version: version, of: owner, note: note, as: caller.access)
        }
    }

    private static let noDraft = RequestError.notFound("There is no draft.")

    private func requireOwner(_ owner: UUID?, _ scope: Scope, _ caller: Caller) throws {
        try caller.require(scope)
        guard caller.isAdministrator || owner == caller.workspaceID else {
            throw RequestError.forbidden("A workspace's key works on the rules of that workspace only.")
        }
    }
}
