/// One of the five fields of a schedule: the values that it allows, a bit each.
struct CronField: Sendable, Hashable {
    /// Which of the five.
    enum Kind: Sendable {
        case minute, hour, dayOfMonth, month, dayOfWeek

        var name: String {
            switch self {
            case .minute: "minute"
            case .hour: "hour"
            case .dayOfMonth: "day of month"
            case .month: "month"
            case .dayOfWeek: "day of week"
            }
        }

        /// What may be written; Sunday may be 0 or 7.
        var range: ClosedRange<Int> {
            switch self {
            case .minute: 0...59
            case .hour: 0...23
            case .dayOfMonth: 1...31
            case .month: 1...12
            case .dayOfWeek: 0...7
            }
        }

        var names: [String] {
            switch self {
            case .month:
                ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
            case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
            default: []
            }
        }
    }

    private var bits: UInt64 = 0
    /// Whether the field begins with `*`, which makes it no restriction among the two days.
    let beginsWithStar: Bool

    init(_ text: Substring, _ kind: Kind) throws(CronScheduleError) {
        beginsWithStar = text.first == "*"
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            try add(part, kind)
        }
        // Sunday is 0 inside.
        if kind == .dayOfWeek, bits & 0x80 != 0 { bits = bits & 0x7F | 1 }
    }

    private mutating func add(_ part: Substring, _ kind: Kind) throws(CronScheduleError) {
        let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.count <= 2, let base = pieces.first else {
            throw CronScheduleError("has more than one step in a \(kind.name)")
        }
        var range = try Self.range(base, kind)
        var step = 1
        if pieces.count == 2 {
            guard let written = Self.number(pieces[1]), written > 0 else {
                throw CronScheduleError("has a step that is no number from 1 in its \(kind.name)")
            }
            guard base == "*" || base.contains("-") else {
                throw CronScheduleError(
                    "has a step without a range in its \(kind.name); write \(base)-\(range.upperBound)"
                )
            }
            step = min(written, 64)
        }
        if base == "*", kind == .dayOfWeek { range = 0...6 }
        for value in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            bits |= 1 << UInt64(value)
        }
    }

    private static func range(
        _ text: Substring,
        _ kind: Kind
    ) throws(CronScheduleError)
        -> ClosedRange<Int>
    {
        if text == "*" { return kind.range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2,
            let lower = try ends.first.map({ (end) throws(CronScheduleError) in try value(end, kind) })
        else { throw CronScheduleError("has a \(kind.name) that is no range") }
        guard ends.count == 2 else { return lower...lower }
        var upper = try value(ends[1], kind)
        // Sunday by name ends a week as well as it begins one.
        if kind == .dayOfWeek, upper == 0, lower > 0 { upper = 7 }
        guard lower <= upper else {
            throw CronScheduleError("has a range in its \(kind.name) that ends before it begins")
        }
        return lower...upper
    }

    private static func value(_ text: Substring, _ kind: Kind) throws(CronScheduleError) -> Int {
        if let index = kind.names.firstIndex(of: text.lowercased()) {
            return kind == .month ? index + 1 : index
        }
        guard let value = number(text), kind.range.contains(value) else {
            let range = "\(kind.range.lowerBound) to \(kind.range.upperBound)"
            throw CronScheduleError("has a value out of range in its \(kind.name): \(range) are allowed")
        }
        return value
    }

    /// A number of digits alone, without a sign.
    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    /// Whether the field allows a value.
    func contains(_ value: Int) -> Bool { bits & (1 << UInt64(value)) != 0 }

    /// The smallest allowed value from `value` on.
    func first(from value: Int) -> Int? {
        guard value < 64 else { return nil }
        let rest = bits & (~0 << UInt64(value))
        return rest == 0 ? nil : rest.trailingZeroBitCount
    }

    /// The largest allowed value up to `value`.
    func last(upTo value: Int) -> Int? {
        guard value >= 0 else { return nil }
        let rest = bits & (~0 >> UInt64(63 - min(value, 63)))
        return rest == 0 ? nil : 63 - rest.leadingZeroBitCount
    }
}
