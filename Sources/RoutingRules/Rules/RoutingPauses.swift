package import FoundationEssentials

/// The sources whose leads wait because an operator paused routing.
package struct RoutingPauses: Sendable, Hashable {
    /// The id that stands for all sources, and for leads without a source.
    package static let allSources = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// The paused sources; includes ``allSources`` if all routing is paused.
    private let sources: Set<UUID>

    /// Pauses of these sources; none by default.
    package init(_ sources: Set<UUID> = []) {
        self.sources = sources
    }

    /// Whether leads of a source wait.
    package func hold(_ source: UUID?) -> Bool {
        // This runs for every lead, and usually there are no pauses.
        guard !sources.isEmpty else { return false }
        return sources.contains(Self.allSources) || sources.contains(source ?? Self.allSources)
    }
}
