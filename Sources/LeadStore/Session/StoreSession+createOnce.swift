import FoundationEssentials
import RoutingRules

extension StoreSession {
    /// Creates an object under an id that its caller may have chosen, and recognises a repeated request.
    ///
    /// A client that loses the answer to a creation cannot know whether the object was created. With its own id it
    /// repeats the request: the primary key allows one object, and a request for an identical object under the same id
    /// gets the first answer. Another object under that id is a conflict, and nothing is changed.
    ///
    /// - Parameters:
    ///   - make: inserts the object.
    ///   - stored: the object that the caller may see under that id.
    ///   - isSame: whether that object is identical to the requested one.
    /// - Returns: the stored object.
    /// - Throws: `StoreError` `.conflict` naming `/id`, or what `make` throws.
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
    /// Whether this creates an identical rule.
    func makes(_ record: RuleRecord, of owner: UUID?) -> Bool {
        let rule = record.rule
        return rule.workspaceID == owner && rule.name == name && rule.priority == priority ?? 0
            && rule.isActive == isActive ?? true && rule.conditions == conditions ?? RuleConditions()
            && rule.destinationWorkspaceID == destinationWorkspaceID
            && rule.distribution?.settings == distribution.flatMap { $0 }?.settings
    }
}

extension WorkspaceChange {
    /// Whether this creates an identical workspace.
    func makes(_ record: WorkspaceRecord) -> Bool {
        let workspace = record.workspace
        return workspace.name == name && workspace.type == type ?? "partner"
            && workspace.isActive == isActive ?? true && workspace.isPaused == isPaused ?? false
            && workspace.unmatchedPolicy == unmatchedPolicy ?? .keep
            && workspace.capacity?.settings == capacity.flatMap { $0 }?.settings
    }
}

extension AssigneeChange {
    /// Whether this creates an identical assignee.
    func makes(_ person: Assignee, of workspace: UUID) -> Bool {
        person.workspaceID == workspace && person.name == name && person.weight == weight ?? 1
            && person.caps == caps ?? [] && person.absentFrom == absentFrom.flatMap { $0 }
            && person.absentUntil == absentUntil.flatMap { $0 } && person.isActive == isActive ?? true
    }
}
