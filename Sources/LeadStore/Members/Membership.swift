package import FoundationEssentials
import Postgres

/// That a person belongs to a workspace, and as what.
package struct Membership: Sendable, Hashable {
    /// The workspace.
    package let workspaceID: UUID
    /// The workspace's name.
    package let workspaceName: String
    /// The type of the workspace, such as `partner` or `platform`.
    package let workspaceType: String
    /// The person's role, as the table has it; an installation may have roles that this server does not know.
    package let role: String
    /// Why the workspace is suspended; nil if it is not.
    package let suspension: String?

    /// A membership.
    package init(
        workspaceID: UUID,
        workspaceName: String,
        workspaceType: String = "partner",
        role: String,
        suspension: String? = nil
    ) {
        self.workspaceID = workspaceID
        self.workspaceName = workspaceName
        self.workspaceType = workspaceType
        self.role = role
        self.suspension = suspension
    }

    init(_ row: Row) throws {
        workspaceID = try row.uuid(0)
        workspaceName = try row.string(1)
        workspaceType = try row.stringIfPresent(2) ?? "partner"
        role = try row.stringIfPresent(3) ?? ""
        suspension = try row.stringIfPresent(4)
    }
}
