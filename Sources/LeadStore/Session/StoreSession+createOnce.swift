import FoundationEssentials
import RoutingRules

extension StoreSession {
    /// Creates something under an id that its caller may have chosen, and takes a repetition for what it is.
    ///
    /// A client that loses the answer to a creation cannot know whether it came about. With an id of its own it asks
    /// again: the primary key lets one through, and who finds the id taken by just what was asked for is answered as
    /// the first was. Anything else under that id is a conflict, and nothing is changed.
    ///
    /// - Parameters:
    ///   - make: inserts it.
    ///   - stored: what the caller may see under that id.
    ///   - isSame: whether that is what was asked for.
    /// - Returns: what is stored.
    /// - Throws: `StoreError` `.conflict` naming `/id`; else what `make` throws.
    func createOnce<Record>(
        _ make: () async throws -> Record,
        stored: () async throws -> Record?,
        isSame: (Record) -> Bool
    ) async throws -> Record {
        do {
            return try await make()
        } catch let error as StoreError where error.code == .conflict {
            if let record = try await stored(), isSame(record) { return record }
            throw StoreError(
                .conflict,
                field: error.field ?? "/id",
                "This id is in use for something else, or its content has changed since.",
                remedy: "Read the existing one, or choose another id."
            )
        }
    }
}

extension RuleChange {
    /// Whether a rule is what this would make.
    func makes(_ record: RuleRecord, of owner: UUID?) -> Bool {
        let rule = record.rule
        return rule.workspaceID == owner && rule.name == name && rule.priority == priority ?? 0
            && rule.isActive == isActive ?? true && rule.conditions == conditions ?? RuleConditions()
            && rule.destinationWorkspaceID == destinationWorkspaceID
            && rule.distribution?.settings == distribution.flatMap { $0 }?.settings
    }
}

extension WorkspaceChange {
    /// Whether a workspace is what this would make.
    func makes(_ record: WorkspaceRecord) -> Bool {
        let workspace = record.workspace
        return workspace.name == name && workspace.type == type ?? "partner"
            && workspace.isActive == isActive ?? true && workspace.isPaused == isPaused ?? false
            && workspace.unmatchedPolicy == unmatchedPolicy ?? .keep
            && workspace.capacity?.settings == capacity.flatMap { $0 }?.settings
    }
}

extension AssigneeChange {
    /// Whether a person is what this would make.
    func makes(_ person: Assignee, of workspace: UUID) -> Bool {
        person.workspaceID == workspace && person.name == name && person.weight == weight ?? 1
            && person.caps == caps ?? [] && person.absentFrom == absentFrom.flatMap { $0 }
            && person.absentUntil == absentUntil.flatMap { $0 } && person.isActive == isActive ?? true
    }
}
