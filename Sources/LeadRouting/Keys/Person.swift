package import Accounts
package import FoundationEssentials
package import LeadStore
import RoutingRules

/// A person with a valid session, and the workspaces that the person belongs to.
package struct Person: Sendable {
    /// The claims of the session.
    package let claims: SessionClaims
    /// The person's memberships, by the names of the workspaces.
    package let memberships: [Membership]

    /// The session of a local user; nil for one of Supabase.
    package var sessionID: UUID?

    /// The person's identifier in the audit log and in logs.
    package var id: String { "user:" + claims.subject.text }

    /// The person as the caller of a request, who acts for one workspace by the role there.
    ///
    /// A role of the platform acts for the installation, and sees every workspace.
    ///
    /// - Parameter workspace: the workspace that the request names; nil takes the only one.
    /// - Returns: the caller.
    /// - Throws: ``RequestError``: `.forbidden` without a role, `.invalid` if the request must name one of several
    ///   workspaces, `.suspended`.
    package func caller(actingFor workspace: UUID?) throws(RequestError) -> Caller {
        let membership = try membership(in: workspace)
        guard let role = Role(membership.role, inWorkspaceOfType: membership.workspaceType) else {
            throw .forbidden(
                "Your role in this workspace gives no access.",
                remedy: "Ask an administrator for one of the roles: GET /api/me shows yours."
            )
        }
        if let reason = membership.suspension { throw .suspended(reason: reason) }
        return Caller(self, as: role, in: membership.workspaceID)
    }

    private func membership(in workspace: UUID?) throws(RequestError) -> Membership {
        if let workspace {
            guard let membership = memberships.first(where: { $0.workspaceID == workspace }) else {
                throw .forbidden(
                    "You do not belong to the workspace that the header Switchyard-Workspace names.",
                    remedy: "Name one of your workspaces: GET /api/me lists them."
                )
            }
            return membership
        }
        guard let first = memberships.first else {
            throw .forbidden(
                "You belong to no workspace.",
                remedy: "Ask an administrator to add you to one, with a role."
            )
        }
        guard memberships.count == 1 else {
            throw .invalid([
                FieldProblem(
                    field: "Switchyard-Workspace",
                    message: "You belong to several workspaces, and the request names none.",
                    remedy: "Send the header Switchyard-Workspace with the id of one: GET /api/me lists them."
                )
            ])
        }
        return first
    }
}
