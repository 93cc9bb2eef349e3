package import FoundationEssentials
import Postgres

/// Who belongs to which workspace.
package struct MemberStore: Sendable {
    /// How many memberships of one person are read.
    package static let mostMemberships = 1000

    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// The memberships of a person in workspaces that are not closed, by name.
    ///
    /// - Throws: `PostgresError`, if the database fails.
    package func memberships(of person: UUID) async throws -> [Membership] {
        try await session.pool.query(Self.membershipsOfPerson, ["person": .uuid(person)]).map(Membership.init)
    }

    static let membershipsOfPerson = Statement(
        "memberships_of_person",
        """
        SELECT w.id, w.name::text, w.workspace_type::text, m.role::text,
            CASE WHEN w.routing_suspended_at IS NOT NULL THEN coalesce(w.routing_suspended_reason, '') END
        FROM user_workspaces m JOIN workspaces w ON w.id = m.workspace_id
        WHERE m.user_id = :person AND w.deleted_at IS NULL
        ORDER BY w.name, w.id
        LIMIT \(mostMemberships)
        """
    )
}
