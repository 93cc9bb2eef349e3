package import FoundationEssentials
package import JSON

/// A person of a workspace to whom its leads are given in turns.
package struct Assignee: Sendable, Hashable {
    /// The person's id.
    package var id: UUID
    /// The workspace.
    package var workspaceID: UUID
    /// The name.
    package var name: String
    /// The person's share: 1 to 1,000.
    package var weight: Int64
    /// How many leads the person takes.
    package var caps: [Cap]
    /// The beginning of an absence, in microseconds since 1970.
    package var absentFrom: Int64?
    /// The end of an absence, in microseconds since 1970; nil: until further notice.
    package var absentUntil: Int64?
    /// Whether the person takes leads at all.
    package var isActive: Bool

    /// A person; of weight 1, without caps and present unless told otherwise.
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

    /// Whether the person is there at a time, in microseconds since 1970.
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
    /// - Returns: the caps, and what could not be understood.
    package static func list(
        _ settings: JSONValue,
        at path: String = ""
    ) -> (caps: [Cap], problems: [SettingsProblem]) {
        var reader = SettingsReader(["caps": settings], at: path, names: ["caps"])
        let caps = read(&reader, "caps")
        return (caps, reader.problems)
    }

    /// Caps as settings.
    package static func settings(_ caps: [Cap]) -> JSONValue { .array(caps.map(\.settings)) }
}
