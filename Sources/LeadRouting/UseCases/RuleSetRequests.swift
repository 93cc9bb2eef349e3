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
    /// Where documents are compared and checked.
    let analyses: AnalysisPool

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
            try await stores.ruleSets.versions(
                of: owner,
                at: before.map { .after($0) },
                limit: limit,
                as: caller.access
            )
        }
    }

    /// A page of an owner's versions, newest first.
    ///
    /// - Parameters:
    ///   - owner: the owner; nil for the platform.
    ///   - cursor: a cursor of another page; nil for the first page.
    ///   - before: only versions before this one, if there is no cursor.
    ///   - limit: the most that are returned.
    ///   - caller: the caller; `rules:read`.
    /// - Returns: the page.
    /// - Throws: ``RequestError``; `.invalid` for a cursor of another list.
    package func versions(
        of owner: UUID?,
        at cursor: String?,
        before: Int64?,
        limit: Int,
        as caller: Caller
    ) async throws -> RuleSetVersionListing {
        try caller.require(.rulesRead)
        let cursors = PageCursor(list: "versions", scope: [owner?.text ?? "platform"])
        var place = before.map { PagePlace.after($0) }
        if let cursor { place = try cursors.place(cursor, words: 1).key { Int64(bitPattern: $0[0]) } }
        return try await mappingErrors {
            var versions = try await stores.ruleSets.versions(of: owner, at: place, limit: limit + 1, as: caller.access)
            let hasMore = versions.count > limit
            var isBackward = false
            if case .before? = place { isBackward = true }
            if hasMore { if isBackward { versions.removeFirst() } else { versions.removeLast() } }
            func word(_ version: RuleSetVersionSummary) -> [UInt64] { [UInt64(bitPattern: version.version.version)] }
            let next = hasMore || isBackward ? versions.last : nil
            let previous = isBackward && hasMore || !isBackward && place != nil ? versions.first : nil
            return RuleSetVersionListing(
                versions: versions,
                nextCursor: next.map { cursors.text(.after(word($0))) },
                previousCursor: previous.map { cursors.text(.before(word($0))) }
            )
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
        try caller.require(.rulesRead)
        return try await analyses.run(for: caller) { stores in
            let requests = RuleSetRequests(stores: stores, analyses: analyses)
            return RuleSetDifference(
                from: try await requests.document(of: owner, in: before, as: caller),
                to: try await requests.document(of: owner, in: after, as: caller)
            )
        }
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
    ///   - precondition: what is required of the existing draft.
    ///   - caller: the caller; `rules:write`.
    /// - Returns: the draft.
    /// - Throws: ``RequestError``; `.invalid` with all problems, `.preconditionFailed` for a draft that does not fit the
    ///   precondition.
    package func saveDraft(
        _ tree: JSONValue,
        of owner: UUID?,
        checking: Bool = false,
        if precondition: Precondition = .none,
        as caller: Caller
    ) async throws -> RuleSetDraft {
        try caller.require(.rulesWrite)
        return try await mappingErrors {
            try await analyses.run(for: caller) { stores in
                let workspaces = try await stores.workspaces.list(as: caller.access).map(\.workspace)
                let document = try RuleSetDocument(WorkspaceNaming(workspaces).resolved(tree))
                return try await stores.acting(as: caller.id)
                    .drafts.save(document, of: owner, checking: checking, if: precondition, as: caller.access)
            }
        }
    }

    /// Discards an owner's draft.
    ///
    /// - Throws: ``RequestError``; `.notFound` without a draft, `.preconditionFailed` for one that does not fit the
    ///   precondition.
    package func deleteDraft(
        of owner: UUID?,
        if precondition: Precondition = .none,
        as caller: Caller
    ) async throws {
        try caller.require(.rulesWrite)
        try await mappingErrors {
            guard try await stores.acting(as: caller.id).drafts.delete(of: owner, if: precondition, as: caller.access)
            else {
                throw Self.noDraft
            }
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
