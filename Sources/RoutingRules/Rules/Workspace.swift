package import FoundationEssentials

/// What happens to a lead of a workspace that no rule matches.
package enum UnmatchedPolicy: Sendable, Hashable {
    /// It stays in its source workspace.
    case keep
    /// It goes to this workspace.
    case fallback(UUID)
    /// It waits and is retried, until its attempts are used up.
    case retry
}

/// The properties of a workspace that routing needs.
package struct Workspace: Sendable, Hashable {
    /// The type of a workspace whose rules apply to all leads.
    package static let platformType = "platform"

    /// The workspace's id.
    package var id: UUID
    /// Its name.
    package var name: String
    /// `partner` by default; `platform` for administrators of the whole installation.
    package var type: String
    /// Whether it is active.
    package var isActive: Bool
    /// Whether it is paused.
    package var isPaused: Bool
    /// Why an administrator has suspended it; nil if it is not suspended.
    ///
    /// Nothing of a suspended workspace goes in or out.
    package var suspension: String?
    /// What happens to its leads that no rule matches.
    package var unmatchedPolicy: UnmatchedPolicy
    /// The limits on its leads; nil for none.
    package var capacity: WorkspaceCapacity?
    /// The people to whom its leads are assigned in turn.
    package var assignees: [Assignee]

    /// A workspace; by default an active partner that keeps its unmatched leads.
    package init(
        id: UUID,
        name: String,
        type: String = "partner",
        isActive: Bool = true,
        isPaused: Bool = false,
        suspension: String? = nil,
        unmatchedPolicy: UnmatchedPolicy = .keep,
        capacity: WorkspaceCapacity? = nil,
        assignees: [Assignee] = []
    ) {
        self.id = id
        self.name = name
        self.type = type
        self.isActive = isActive
        self.isPaused = isPaused
        self.suspension = suspension
        self.unmatchedPolicy = unmatchedPolicy
        self.capacity = capacity
        self.assignees = assignees
    }

    /// Whether its rules apply to the leads of every workspace and need no agreement.
    package var isPlatform: Bool { type == Self.platformType }
}

/// The consent of one workspace to receive leads from another.
package struct RoutingAgreement: Sendable, Hashable {
    /// The workspace that has agreed to receive.
    package var receivingWorkspaceID: UUID
    /// The workspace that it receives from.
    package var sendingWorkspaceID: UUID

    /// An agreement between two workspaces.
    package init(receivingWorkspaceID: UUID, sendingWorkspaceID: UUID) {
        self.receivingWorkspaceID = receivingWorkspaceID
        self.sendingWorkspaceID = sendingWorkspaceID
    }
}
