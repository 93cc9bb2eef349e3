package import FoundationEssentials

/// Whose leads wait undecided because an operator paused routing.
package struct RoutingPauses: Sendable, Hashable {
    /// The id that stands for all sources, and for leads that came from nowhere.
    package static let allSources = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// The sources that are paused; ``allSources`` included when routing is paused as a whole.
    private let sources: Set<UUID>

    /// Pauses of these sources; none by default.
    package init(_ sources: Set<UUID> = []) {
        self.sources = sources
    }

    /// Whether leads of a source wait.
    package func hold(_ source: UUID?) -> Bool {
        // Asked for every lead, and nearly always there are no pauses.
        guard !sources.isEmpty else { return false }
        return sources.contains(Self.allSources) || sources.contains(source ?? Self.allSources)
    }
}
