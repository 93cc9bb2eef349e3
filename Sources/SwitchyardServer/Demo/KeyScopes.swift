/// What API keys may do.
package enum KeyScopes {
    /// Every scope a key may have.
    package static let all = [
        "leads:write", "leads:read", "rules:write", "rules:read", "workspaces:write", "workspaces:read",
        "routing:write", "leads:erase", "admin",
    ]

    /// All of them, for a sentence.
    package static var names: String { all.joined(separator: ", ") }

    /// The scopes of a key whose creator names none.
    package static func defaults(isAdministrator: Bool) -> [String] {
        isAdministrator
            ? all
            : ["leads:write", "leads:read", "rules:write", "rules:read", "workspaces:read", "routing:write"]
    }
}
