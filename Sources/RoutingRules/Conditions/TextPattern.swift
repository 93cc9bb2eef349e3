/// A regular expression that is searched in time linear in the text.
///
/// The search keeps a set of states (Thompson's construction) and never backtracks: a text of n characters costs at
/// most n times the size of the program, which is bounded. Pattern and text are folded (`FoldedText`), so letter case
/// does not count.
///
/// Supported are literals, `.`, classes (`[a-z_]`, `[^0-9]`), `\d \w \s` and `\D \W \S`, `^ $ \b \B`, groups `(…)` and
/// `(?:…)`, `|`, and `* + ? {m} {m,} {m,n}`. Without `^` and `$` it is searched anywhere in the text.
package struct TextPattern: Sendable {
    /// The limits of a pattern.
    package enum Limit {
        /// The most steps of its program.
        package static let program = 1000
        /// The deepest nesting of its groups.
        package static let depth = 40
        /// The most repetitions of a part by `{m,n}`.
        package static let repetitions = 500
        /// How much of a text is searched, in bytes.
        package static let textBytes = 4096
    }

    /// Why a pattern is invalid.
    package struct Fault: Error, Sendable, Hashable {
        /// The problem.
        package let message: String
        /// The remedy.
        package let remedy: String
        /// The place, in Unicode scalars from 0.
        package let position: Int
    }

    /// One step of the program.
    enum Step: Sendable, Hashable {
        case scalar(UInt32)
        case any
        case set(Int)
        /// Continues at both steps.
        case fork(Int, Int)
        case jump(Int)
        case isStart
        case isEnd
        case isWordEdge(Bool)
        case found
    }

    let steps: [Step]
    let sets: [ScalarSet]

    /// Parses a pattern.
    ///
    /// - Parameter text: the pattern.
    /// - Throws: ``Fault`` with the place of the problem.
    package init(_ text: String) throws(Fault) {
        var parser = PatternParser(text)
        let tree = try parser.pattern()
        var compiler = PatternCompiler(sets: parser.sets)
        try compiler.compile(tree)
        steps = compiler.steps + [.found]
        sets = compiler.sets
    }

    /// Whether the pattern is found in a text that is not folded yet.
    package func isFound(in text: String) -> Bool { FoldedText.withBytes(of: text, isFound) }

    /// The same, counting its steps: at most the size of the program for each character, and once more.
    package func isFound(in text: String, work: inout Int) -> Bool {
        FoldedText.withBytes(of: text) { isFound(in: $0, work: &work) }
    }

    /// Whether the pattern is found in a folded text.
    func isFound(in folded: UnsafeBufferPointer<UInt8>) -> Bool {
        var work = 0
        return isFound(in: folded, work: &work)
    }

    /// Whether the pattern is found in a folded text; false if the steps are used up before that is known.
    func isFound(in folded: UnsafeBufferPointer<UInt8>, counting steps: inout StepCount) -> Bool {
        var work = 0
        defer { steps.spend(work) }
        return isFound(in: folded, work: &work, limit: steps.left)
    }

    /// Whether the pattern is found; counts the steps, and allocates nothing on the heap for a program of usual size.
    ///
    /// The search ends at the first character after `limit` steps.
    func isFound(in folded: UnsafeBufferPointer<UInt8>, work: inout Int, limit: Int = .max) -> Bool {
        let count = steps.count
        return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: count * 4) { buffer in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { marks in
                marks.initialize(repeating: 0)
                buffer.initialize(repeating: 0)
                var run = PatternRun(pattern: self, buffer: buffer, marks: marks, limit: limit)
                defer { work += run.work }
                return run.search(folded)
            }
        }
    }
}

/// A set of Unicode scalars: bits for ASCII, ranges for the others.
struct ScalarSet: Sendable, Hashable {
    private(set) var low: UInt64 = 0
    private(set) var high: UInt64 = 0
    private(set) var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    mutating func insert(_ range: ClosedRange<UInt32>) {
        for value in range.lowerBound..<max(range.lowerBound, min(range.upperBound &+ 1, 128)) {
            if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value - 64) }
        }
        if range.upperBound >= 128 { ranges.append(max(128, range.lowerBound)...range.upperBound) }
    }

    func contains(_ scalar: UInt32) -> Bool {
        let isIn =
            scalar < 64
            ? low & (1 << UInt64(scalar)) != 0
            : scalar < 128 ? high & (1 << UInt64(scalar - 64)) != 0 : ranges.contains { $0.contains(scalar) }
        return isIn != isNegated
    }
}

/// One search: the active states, and those of the next character.
private struct PatternRun {
    let pattern: TextPattern
    let buffer: UnsafeMutableBufferPointer<UInt16>
    /// For each step, the round in which it was last added.
    let marks: UnsafeMutableBufferPointer<UInt32>
    var work = 0
    private let limit: Int
    private var round: UInt32 = 0

    init(
        pattern: TextPattern,
        buffer: UnsafeMutableBufferPointer<UInt16>,
        marks: UnsafeMutableBufferPointer<UInt32>,
        limit: Int
    ) {
        self.limit = limit
        self.pattern = pattern
        self.buffer = buffer
        self.marks = marks
    }

    private enum Outcome { case found, goesOn(Int) }

    mutating func search(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let size = pattern.steps.count
        let end = min(text.count, TextPattern.Limit.textBytes)
        let current = 0
        let next = size
        var alive = 0
        var position = 0
        var previous: UInt32?
        while true {
            let (scalar, width) = Self.scalar(at: position, in: text, end)
            round += 1
            // The states after the last character, with those reachable without another, and the start.
            var count = 0
            for index in 0..<alive {
                if add(Int(buffer[next + index]), to: current, &count, previous, scalar, position == 0) { return true }
            }
            if add(0, to: current, &count, previous, scalar, position == 0) { return true }
            guard let scalar, work < limit else { return false }
            alive = 0
            for index in 0..<count {
                work += 1
                let state = Int(buffer[current + index])
                let isTaken: Bool
                switch pattern.steps[state] {
                case .scalar(let wanted): isTaken = wanted == scalar
                case .any: isTaken = true
                case .set(let set): isTaken = pattern.sets[set].contains(scalar)
                default: isTaken = false
                }
                if isTaken {
                    buffer[next + alive] = UInt16(truncatingIfNeeded: state + 1)
                    alive += 1
                }
            }
            previous = scalar
            position += width
        }
    }

    /// Adds a step with all that are reachable from it without a character; true if the end is among them.
    private mutating func add(
        _ step: Int,
        to list: Int,
        _ count: inout Int,
        _ previous: UInt32?,
        _ scalar: UInt32?,
        _ isAtStart: Bool
    ) -> Bool {
        let stack = pattern.steps.count * 2
        var height = 0
        func push(_ step: Int, _ height: inout Int) {
            guard marks[step] != round else { return }
            marks[step] = round
            buffer[stack + height] = UInt16(truncatingIfNeeded: step)
            height += 1
        }
        push(step, &height)
        while height > 0 {
            height -= 1
            work += 1
            let step = Int(buffer[stack + height])
            switch pattern.steps[step] {
            case .found: return true
            case .jump(let target): push(target, &height)
            case .fork(let one, let other):
                push(other, &height)
                push(one, &height)
            case .isStart: if isAtStart { push(step + 1, &height) }
            case .isEnd: if scalar == nil { push(step + 1, &height) }
            case .isWordEdge(let wanted):
                if (Self.isWord(previous) != Self.isWord(scalar)) == wanted { push(step + 1, &height) }
            default:
                buffer[list + count] = UInt16(truncatingIfNeeded: step)
                count += 1
            }
        }
        return false
    }

    private static func isWord(_ scalar: UInt32?) -> Bool { scalar.map(PatternParser.word.contains) ?? false }

    /// The scalar that begins at a place of well-formed UTF-8.
    private static func scalar(
        at position: Int,
        in text: UnsafeBufferPointer<UInt8>,
        _ end: Int
    ) -> (UInt32?, Int) {
        guard position < end else { return (nil, 0) }
        let first = UInt32(text[position])
        guard first >= 0x80 else { return (first, 1) }
        let width = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard position + width <= text.count else { return (0xFFFD, text.count - position) }
        var value = first & (0x7F >> UInt32(width))
        for offset in 1..<width { value = value << 6 | UInt32(text[position + offset] & 0x3F) }
        return (value, width)
    }
}
