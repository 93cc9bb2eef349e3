package import FoundationEssentials
package import JSON

/// The claims of a session: of a token whose signature and times were verified, or of a local user.
package struct SessionClaims: Sendable, Hashable {
    /// The person: the token's subject.
    package let subject: UUID
    /// The person's e-mail address, if the token has one.
    package let email: String?
    /// When the token expires, in seconds since 1970.
    package let expiresAt: Int64
    /// All claims of the token.
    package let all: JSONValue

    /// The claims of a local user's session, as a Supabase token would have them.
    ///
    /// - Parameters:
    ///   - user: the user.
    ///   - email: the user's address.
    ///   - session: the session.
    ///   - expiresAt: when it ends, in seconds since 1970.
    package init(localUser user: UUID, email: String, session: UUID, expiresAt: Int64) {
        subject = user
        self.email = email
        self.expiresAt = expiresAt
        all = .object([
            .init("sub", .string(user.uuidString.lowercased())), .init("email", .string(email)),
            .init("role", "authenticated"), .init("session_id", .string(session.uuidString.lowercased())),
        ])
    }

    /// The claims of a token.
    init(subject: UUID, email: String?, expiresAt: Int64, all: JSONValue) {
        self.subject = subject
        self.email = email
        self.expiresAt = expiresAt
        self.all = all
    }

    /// The claims as the policies of the database expect them, for a person who acts for a workspace.
    ///
    /// The workspace is the server's choice, after it has looked up the person's memberships; what the token says of it
    /// is dropped.
    package func forDatabase(actingFor workspace: UUID) -> String {
        let own: Set<String> = ["sub", "role", "switchyard_workspace_id"]
        let rest = (all.members ?? []).filter { !own.contains($0.key) }
        let members: [JSONValue.Member] = [
            .init("sub", .string(subject.uuidString.lowercased())),
            .init("role", "authenticated"),
            .init("switchyard_workspace_id", .string(workspace.uuidString.lowercased())),
        ]
        return JSONValue.object(members + rest).json
    }
}
