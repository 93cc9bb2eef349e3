package import JSON

/// How many leads a workspace takes, when, and with which score.
package struct WorkspaceCapacity: Sendable, Hashable {
    /// The name of its time zone, as PostgreSQL knows it: `America/New_York`.
    package var timeZone: String
    /// The caps on its leads, whichever rule sends them.
    package var caps: [Cap]
    /// Its opening hours; nil if it is always open.
    package var hours: OpeningHours?
    /// The least score in a lead's metadata; nil takes all leads.
    package var minimumScore: Double?
    /// Problems of the stored settings; a workspace with problems takes no leads.
    package private(set) var problems: [FieldProblem] = []

    /// A capacity; by default unlimited.
    package init(
        timeZone: String = "UTC",
        caps: [Cap] = [],
        hours: OpeningHours? = nil,
        minimumScore: Double? = nil
    ) {
        self.timeZone = timeZone
        self.caps = caps
        self.hours = hours
        self.minimumScore = minimumScore
    }

    /// Reads settings; never fails, and records problems.
    ///
    /// - Parameters:
    ///   - settings: the object.
    ///   - path: the JSON pointer to it, for problems.
    package init(_ settings: JSONValue, at path: String = "") {
        self.init()
        var reader = ObjectReader(
            settings,
            at: path,
            names: ["timeZone", "caps", "hours", "holidays", "minimumScore"]
        )
        timeZone = reader.text("timeZone") ?? "UTC"
        caps = Cap.read(&reader, "caps")
        hours = OpeningHours.read(&reader)
        minimumScore = reader.number("minimumScore")
        problems = reader.problems
    }

    /// The settings, in canonical form.
    package var settings: JSONValue {
        var members: [JSONValue.Member] = [.init("timeZone", .string(timeZone))]
        if !caps.isEmpty { members.append(.init("caps", .array(caps.map(\.settings)))) }
        if let hours { members += hours.settings }
        if let minimumScore { members.append(.init("minimumScore", JSONValue(minimumScore))) }
        return JSONValue.object(members).canonical
    }
}
