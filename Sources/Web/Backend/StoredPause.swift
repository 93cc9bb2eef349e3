package import FoundationEssentials

/// A pause of routing, as the API shows it.
package struct StoredPause: Sendable, Hashable {
    /// The source whose leads wait; nil when all wait.
    package var workspaceID: UUID?
    /// Since when, in microseconds since 1970.
    package var since: Int64
    /// Who paused it: the id of a key, or `command line`.
    package var actor: String
    /// Why, in the operator's words.
    package var reason: String?

    /// A pause.
    package init(workspaceID: UUID?, since: Int64, actor: String, reason: String? = nil) {
        self.workspaceID = workspaceID
        self.since = since
        self.actor = actor
        self.reason = reason
    }
}
