package import JSON

/// How many leads a workspace takes, when, and which.
package struct WorkspaceCapacity: Sendable, Hashable {
    /// The name of its time zone, as PostgreSQL knows it: `America/New_York`.
    package var timeZone: String
    /// How many leads it takes, whichever rule sends them.
    package var caps: [Cap]
    /// When it takes them; nil at any time.
    package var hours: OpeningHours?
    /// It takes leads with at least this score in their metadata; nil takes all.
    package var minimumScore: Double?
    /// What of the stored settings could not be understood; a workspace with such problems takes no leads.
    package private(set) var problems: [SettingsProblem] = []

    /// A capacity; without bounds unless told otherwise.
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

    /// Reads settings; never fails, and says what it did not understand.
    ///
    /// - Parameters:
    ///   - settings: the object.
    ///   - path: the JSON pointer to it, for problems.
    package init(_ settings: JSONValue, at path: String = "") {
        self.init()
        var reader = SettingsReader(
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
