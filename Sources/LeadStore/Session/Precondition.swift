package import Postgres

/// What a caller requires of a stored object before it is changed.
///
/// An object's version is the time of its last change. The statement that changes the object compares the version, so of
/// two callers that read the same version one changes the object, and the other is refused.
package enum Precondition: Sendable, Hashable {
    /// Nothing.
    case none
    /// The object exists.
    case exists
    /// The object does not exist yet.
    case absent
    /// The object has one of these versions; none of them means that no object fits.
    case version([Timestamp])

    /// The versions as a parameter, where an empty list fits every object.
    var versions: [Timestamp] {
        switch self {
        case .none, .exists: []
        case .version(let versions) where !versions.isEmpty: versions
        case .version, .absent: [Timestamp(microsecondsSinceUnixEpoch: .min)]
        }
    }

    /// Whether a stored object fits.
    package func fits(_ version: Timestamp) -> Bool {
        switch self {
        case .none, .exists: true
        case .absent: false
        case .version(let versions): versions.contains(version)
        }
    }
}

/// The refusal of a change because the object does not fit the caller's ``Precondition``.
package struct PreconditionFailure: Error, Sendable, Hashable {
    /// The stored version; nil if there is no object.
    package let current: Timestamp?

    /// A refusal, with the stored version.
    package init(current: Timestamp?) { self.current = current }
}
