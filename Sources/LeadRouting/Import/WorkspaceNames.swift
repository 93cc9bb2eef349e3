package import FoundationEssentials
package import RoutingRules

/// Finds the workspaces that files name: by id, by name, or by a short form of the name.
package struct WorkspaceNames: Sendable {
    /// The result of a look-up.
    package enum Match: Sendable, Hashable {
        /// One workspace.
        case one(UUID)
        /// No workspace.
        case none
        /// More than one has this name.
        case several
    }

    private let ids: Set<UUID>
    private var byName: [String: Match] = [:]

    /// An index of these workspaces.
    package init(_ workspaces: [Workspace]) {
        ids = Set(workspaces.map(\.id))
        for workspace in workspaces {
            for name in Set([workspace.name.lowercased(), Self.short(workspace.name)]) {
                byName[name] = byName[name] == nil ? .one(workspace.id) : .several
            }
        }
    }

    /// The workspace that a text names.
    package func find(_ text: String) -> Match {
        if let id = UUID(text: text) { return ids.contains(id) ? .one(id) : .none }
        return byName[text.lowercased()] ?? byName[Self.short(text)] ?? .none
    }

    /// A name in lower case with hyphens instead of all other characters: `West Coast` becomes `west-coast`.
    static func short(_ name: String) -> String {
        var text = ""
        for scalar in name.lowercased().unicodeScalars {
            if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                text.unicodeScalars.append(scalar)
            } else if !text.isEmpty, !text.hasSuffix("-") {
                text += "-"
            }
        }
        if text.hasSuffix("-") { text.removeLast() }
        return text
    }
}
