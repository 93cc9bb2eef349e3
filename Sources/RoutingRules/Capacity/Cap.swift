import JSON

/// The period of a cap: calendar windows in the owner's time zone, or all time.
package enum CapPeriod: String, Sendable, Hashable, CaseIterable {
    case hour, day, week, month, total

    /// The period as the end of a sentence such as “50 of 50 today”.
    var phrase: String {
        switch self {
        case .hour: "this hour"
        case .day: "today"
        case .week: "this week"
        case .month: "this month"
        case .total: "in all"
        }
    }
}

/// A limit on the leads of each window of a period.
package struct Cap: Sendable, Hashable {
    /// The largest limit that can be set.
    package static let largestLimit: Int64 = 1_000_000_000

    /// The period; hours, days, weeks (from Monday) and months begin in the owner's time zone.
    package var period: CapPeriod
    /// The most leads; 0 takes none.
    package var limit: Int64

    /// A cap of so many leads in each window of a period.
    package init(per period: CapPeriod, limit: Int64) {
        self.period = period
        self.limit = limit
    }

    var settings: JSONValue {
        ["limit": JSONValue(limit), "per": .string(period.rawValue)]
    }

    /// Reads a list of caps; one for each period at most.
    static func read(_ reader: inout ObjectReader, _ name: String) -> [Cap] {
        var caps: [Cap] = []
        reader.eachObject(name, names: ["per", "limit"], atMost: CapPeriod.allCases.count) { reader in
            let period = reader.choice("per", of: CapPeriod.self, isRequired: true)
            let limit = reader.integer("limit", in: 0...largestLimit, isRequired: true)
            guard let period, let limit else { return }
            if caps.contains(where: { $0.period == period }) {
                reader.note("per", "There is a cap for this period already.", "Omit one of them.")
            }
            caps.append(Cap(per: period, limit: limit))
        }
        return caps
    }
}
