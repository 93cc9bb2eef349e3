package import FoundationEssentials

/// The sources whose leads wait because an operator paused routing, or an administrator suspended the workspace.
package struct RoutingPauses: Sendable, Hashable {
    /// The id that stands for all sources, and for leads without a source.
    package static let allSources = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// The held sources: the paused ones, with ``allSources`` if all routing is paused, and the suspended ones.
    private let sources: Set<UUID>
    /// The suspended sources.
    private let suspended: Set<UUID>

    /// Pauses of these sources, and suspensions; none by default.
    package init(_ sources: Set<UUID> = [], suspended: Set<UUID> = []) {
        self.sources = sources.union(suspended)
        self.suspended = suspended
    }

    /// Whether leads of a source wait.
    package func hold(_ source: UUID?) -> Bool {
        // This runs for every lead, and usually there are no pauses.
        guard !sources.isEmpty else { return false }
        return sources.contains(Self.allSources) || sources.contains(source ?? Self.allSources)
    }

    /// Whether any workspace is suspended.
    package var hasSuspensions: Bool { !suspended.isEmpty }

    /// Whether a source is suspended.
    package func suspend(_ source: UUID?) -> Bool {
        guard let source, !suspended.isEmpty else { return false }
        return suspended.contains(source)
    }
}
