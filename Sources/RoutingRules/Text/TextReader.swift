package import FoundationEssentials

/// The reader of a text: what the text may name depends on it.
package enum TextReader: Sendable, Hashable {
    /// An administrator, or the operator at the command line: everything.
    case administrator
    /// A workspace: itself, its own rules and its own people, as the row policies have it.
    case workspace(UUID)
    /// Any program or person: nothing that has an owner.
    case anyone

    /// Whether it may read what a workspace owns; nil is the platform.
    package func reads(ownedBy owner: UUID?) -> Bool {
        switch self {
        case .administrator: true
        case .workspace(let id): id == owner
        case .anyone: false
        }
    }
}

/// An object that a text mentions by its id.
package enum Mentioned: Sendable, Hashable {
    /// A workspace.
    case workspace(UUID)
    /// A rule.
    case rule(UUID)
    /// A person of a workspace.
    case assignee(UUID)
}

/// The name of an object, and who may read it.
package struct OwnedName: Sendable, Hashable {
    /// The object.
    package let object: Mentioned
    /// Its name.
    package let name: String
    /// The workspace that owns it, for a workspace itself; nil for a rule of the platform.
    package let owner: UUID?

    /// A name.
    package init(_ object: Mentioned, _ name: String, owner: UUID?) {
        self.object = object
        self.name = name
        self.owner = owner
    }

    /// The name of a workspace.
    package static func workspace(_ id: UUID, _ name: String) -> OwnedName { .init(.workspace(id), name, owner: id) }
}
