package import FoundationEssentials
package import RoutingRules

/// What of a person may be set; nil leaves a field as it is, or at its default in a new person.
package struct AssigneeFields: Sendable, Hashable {
    /// The name.
    package var name: String?
    /// The person's share.
    package var weight: Int32?
    /// How many leads the person takes.
    package var caps: [Cap]?
    /// The beginning of an absence, in microseconds since 1970.
    package var absentFrom: Int64??
    /// The end of an absence, in microseconds since 1970.
    package var absentUntil: Int64??
    /// Whether the person takes leads at all.
    package var isActive: Bool?

    /// Nothing set.
    package init() {}
}

/// How much of a workspace's capacity is used now.
package struct StoredUsage: Sendable, Hashable {
    /// One of its caps.
    package struct Line: Sendable, Hashable {
        /// The cap.
        package var cap: Cap
        /// How many leads the running window has had.
        package var used: Int64
        /// When the window ends, in microseconds since 1970; nil for a cap in all.
        package var endsAt: Int64?

        /// A cap as it stands.
        package init(cap: Cap, used: Int64, endsAt: Int64?) {
            self.cap = cap
            self.used = used
            self.endsAt = endsAt
        }
    }

    /// The time zone.
    package var timeZone: String
    /// Whether it is open now.
    package var isOpen: Bool
    /// When it opens next, by its own clock.
    package var opensAt: String?
    /// Its caps.
    package var lines: [Line]

    /// How much is used.
    package init(timeZone: String, isOpen: Bool, opensAt: String?, lines: [Line]) {
        self.timeZone = timeZone
        self.isOpen = isOpen
        self.opensAt = opensAt
        self.lines = lines
    }
}

/// What became of a lead that was returned.
package struct ReturnedLead: Sendable, Hashable {
    /// The lead.
    package var id: UUID
    /// Whether it was sent on to somebody else.
    package var isSentOn: Bool
    /// To whom, for those who may know.
    package var destinationWorkspaceID: UUID?

    /// A returned lead.
    package init(id: UUID, isSentOn: Bool, destinationWorkspaceID: UUID?) {
        self.id = id
        self.isSentOn = isSentOn
        self.destinationWorkspaceID = destinationWorkspaceID
    }
}
