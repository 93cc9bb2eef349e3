package import FoundationEssentials
package import JSON

/// A person of a workspace who is assigned its leads in turn.
package struct Assignee: Sendable, Hashable {
    /// The person's id.
    package var id: UUID
    /// The workspace.
    package var workspaceID: UUID
    /// The name.
    package var name: String
    /// The person's share: 1 to 1,000.
    package var weight: Int64
    /// The caps on the person's leads.
    package var caps: [Cap]
    /// The beginning of an absence, in microseconds since 1970.
    package var absentFrom: Int64?
    /// The end of an absence, in microseconds since 1970; nil for an open end.
    package var absentUntil: Int64?
    /// Whether the person is active.
    package var isActive: Bool

    /// A person; by default of weight 1, without caps and present.
    package init(
        id: UUID,
        workspaceID: UUID,
        name: String,
        weight: Int64 = 1,
        caps: [Cap] = [],
        absentFrom: Int64? = nil,
        absentUntil: Int64? = nil,
        isActive: Bool = true
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.name = name
        self.weight = weight
        self.caps = caps
        self.absentFrom = absentFrom
        self.absentUntil = absentUntil
        self.isActive = isActive
    }

    /// The person's name, with the workspace.
    package var ownedName: OwnedName { OwnedName(.assignee(id), name, owner: workspaceID) }

    /// Whether the person is present at a time, in microseconds since 1970.
    package func isPresent(at time: Int64) -> Bool {
        switch (absentFrom, absentUntil) {
        case (nil, nil): true
        case (let from?, nil): time < from
        case (nil, let until?): time >= until
        case (let from?, let until?): time < from || time >= until
        }
    }
}

extension Cap {
    /// Reads stored caps of a person: a list of `{"per", "limit"}`.
    ///
    /// - Returns: the caps, and the problems found.
    package static func list(
        _ settings: JSONValue,
        at path: String = ""
    ) -> (caps: [Cap], problems: [FieldProblem]) {
        var reader = ObjectReader(["caps": settings], at: path, names: ["caps"])
        let caps = read(&reader, "caps")
        return (caps, reader.problems)
    }

    /// Caps as settings.
    package static func settings(_ caps: [Cap]) -> JSONValue { .array(caps.map(\.settings)) }
}
