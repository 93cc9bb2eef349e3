package import FoundationEssentials
package import RoutingRules

/// Finds workspaces as people write them in files: by id, by name, or by a short form of the name.
package struct WorkspaceNames: Sendable {
    /// What a text stands for.
    package enum Match: Sendable, Hashable {
        /// One workspace.
        case one(UUID)
        /// None.
        case none
        /// More than one has this name.
        case several
    }

    private let ids: Set<UUID>
    private var byName: [String: Match] = [:]

    /// The names of these workspaces.
    package init(_ workspaces: [Workspace]) {
        ids = Set(workspaces.map(\.id))
        for workspace in workspaces {
            for name in Set([workspace.name.lowercased(), Self.short(workspace.name)]) {
                byName[name] = byName[name] == nil ? .one(workspace.id) : .several
            }
        }
    }

    /// The workspace that a text stands for.
    package func find(_ text: String) -> Match {
        if let id = UUID(text: text) { return ids.contains(id) ? .one(id) : .none }
        return byName[text.lowercased()] ?? byName[Self.short(text)] ?? .none
    }

    /// A name in lower case with hyphens for everything that is no letter or digit: `West Coast` is `west-coast`.
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
