/// The parts of a regular expression.
indirect enum PatternTree: Sendable {
    case empty
    case step(TextPattern.Step)
    case sequence([PatternTree])
    case choice([PatternTree])
    /// At least the first, and at most the second number of times, if there is one.
    case repetition(PatternTree, Int, Int?)
}

/// Reads regular expressions.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private(set) var sets: [ScalarSet] = []

    init(_ text: String) { scalars = Array(CanonicalText.composed(text).unicodeScalars) }

    /// `\w`: letters and digits of ASCII, and `_`; and the letters of Latin, Greek and Cyrillic script.
    static let word = {
        var set = ScalarSet()
        let ranges: [ClosedRange<UInt32>] = [
            0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F...0x5F, 0xAA...0xAA, 0xB5...0xB5, 0xBA...0xBA, 0xC0...0xD6,
            0xD8...0xF6, 0xF8...0x2AF, 0x370...0x373, 0x376...0x377, 0x386...0x386, 0x388...0x481, 0x48A...0x52F,
            0x1E00...0x1FFC,
        ]
        for range in ranges { set.insert(range) }
        return set
    }()
    private static let digit = {
        var set = ScalarSet()
        set.insert(0x30...0x39)
        return set
    }()
    private static let blank = {
        var set = ScalarSet()
        set.insert(0x20...0x20)
        return set
    }()

    mutating func pattern() throws(TextPattern.Fault) -> PatternTree {
        let tree = try choice()
        guard position == scalars.count else { throw fault("A “)” has no “(”", "Write \\) for a bracket.") }
        return tree
    }

    private func fault(_ message: String, _ remedy: String, at place: Int? = nil) -> TextPattern.Fault {
        TextPattern.Fault(message: message, remedy: remedy, position: place ?? position)
    }

    private func peek() -> Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek() == scalar else { return false }
        position += 1
        return true
    }

    private mutating func choice() throws(TextPattern.Fault) -> PatternTree {
        depth += 1
        defer { depth -= 1 }
        guard depth <= TextPattern.Limit.depth else {
            throw fault("Groups are nested more than \(TextPattern.Limit.depth) deep", "Flatten the pattern.")
        }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(TextPattern.Fault) -> PatternTree {
        var parts: [PatternTree] = []
        while let scalar = peek(), scalar != "|", scalar != ")" { parts.append(try repeated()) }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func repeated() throws(TextPattern.Fault) -> PatternTree {
        var tree = try atom()
        while let scalar = peek() {
            let place = position
            switch scalar {
            case "*": tree = .repetition(tree, 0, nil)
            case "+": tree = .repetition(tree, 1, nil)
            case "?": tree = .repetition(tree, 0, 1)
            case "{": tree = try counted(tree, from: place)
            default: return tree
            }
            position += 1
            // A lazy quantifier finds the same texts.
            _ = take("?")
            if peek() == "+" {
                throw fault("Possessive quantifiers are not supported", "Omit the second +.")
            }
        }
        return tree
    }

    /// `{m}`, `{m,}` or `{m,n}`; stops at the closing bracket.
    private mutating func counted(_ tree: PatternTree, from place: Int) throws(TextPattern.Fault) -> PatternTree {
        position += 1
        guard let least = number() else {
            throw fault("A number must follow “{”", "Write {2,5}, or \\{ for a bracket.", at: place)
        }
        var most: Int? = least
        if take(",") { most = number() }
        guard peek() == "}" else { throw fault("A “{” is not closed", "Write {2,5}.", at: place) }
        guard max(least, most ?? 0) <= TextPattern.Limit.repetitions else {
            throw fault(
                "A part may be repeated at most \(TextPattern.Limit.repetitions) times",
                "Use + or *.",
                at: place
            )
        }
        if let most, most < least { throw fault("The greatest number is less than the least", "Swap them.", at: place) }
        return .repetition(tree, least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = peek(), ("0"..."9").contains(scalar) {
            value = min((value ?? 0) * 10 + Int(scalar.value - 0x30), 1_000_000)
            position += 1
        }
        return value
    }

    private mutating func atom() throws(TextPattern.Fault) -> PatternTree {
        let place = position
        guard let scalar = peek() else { return .empty }
        position += 1
        switch scalar {
        case "(":
            if take("?"), !take(":") {
                throw fault("Only (…) and (?:…) are supported, no look-around and no flags", "Omit it.", at: place)
            }
            let tree = try choice()
            guard take(")") else { throw fault("A “(” is not closed", "Add a “)”, or write \\(.", at: place) }
            return tree
        case "[": return try bracket(from: place)
        case ".": return .step(.any)
        case "^": return .step(.isStart)
        case "$": return .step(.isEnd)
        case "*", "+", "?", "{":
            throw fault("There is nothing to repeat", "Write \\\(scalar) for the character.", at: place)
        case "\\": return try escape(from: place)
        default: return literal(scalar)
        }
    }

    /// A character in its folded form.
    private func literal(_ scalar: Unicode.Scalar) -> PatternTree {
        if CanonicalText.isBlank(scalar) { return .step(.scalar(0x20)) }
        let folded = FoldedText.folded(scalar).unicodeScalars.map { PatternTree.step(.scalar($0.value)) }
        return folded.count == 1 ? folded[0] : .sequence(folded)
    }

    private mutating func escape(from place: Int) throws(TextPattern.Fault) -> PatternTree {
        guard let scalar = peek() else { throw fault("A “\\” ends the pattern", "Write \\\\.", at: place) }
        position += 1
        if let set = Self.named(scalar) { return step(set) }
        switch scalar {
        case "b": return .step(.isWordEdge(true))
        case "B": return .step(.isWordEdge(false))
        case "n", "r", "t", "f", "v": return .step(.scalar(0x20))
        case "1"..."9":
            throw fault("Back-references are not supported", "Spell the part out.", at: place)
        case "0", "a"..."z", "A"..."Z":
            throw fault(
                "The escape “\\\(scalar)” is not supported",
                "Use \\d \\w \\s \\b and \\ before a sign.",
                at: place
            )
        default: return literal(scalar)
        }
    }

    private mutating func step(_ set: ScalarSet) -> PatternTree {
        if let index = sets.firstIndex(of: set) { return .step(.set(index)) }
        sets.append(set)
        return .step(.set(sets.count - 1))
    }

    /// The set of `\d`, `\w`, `\s` and their opposites.
    private static func named(_ scalar: Unicode.Scalar) -> ScalarSet? {
        var set: ScalarSet
        switch scalar {
        case "d", "D": set = digit
        case "w", "W": set = word
        case "s", "S": set = blank
        default: return nil
        }
        set.isNegated = scalar.value < 0x60
        return set
    }

    private mutating func bracket(from place: Int) throws(TextPattern.Fault) -> PatternTree {
        var set = ScalarSet()
        set.isNegated = take("^")
        var isFirst = true
        while true {
            guard let scalar = peek() else {
                throw fault("A “[” is not closed", "Add a “]”, or write \\[.", at: place)
            }
            position += 1
            if scalar == "]", !isFirst { break }
            isFirst = false
            if scalar == "[", peek() == ":" {
                throw fault("Classes such as [:alpha:] are not supported", "Write a-z.", at: position - 1)
            }
            guard let from = try element(scalar, &set) else { continue }
            guard peek() == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                Self.insert(from...from, to: &set)
                continue
            }
            position += 1
            guard let scalar = peek() else { continue }
            position += 1
            guard let to = try element(scalar, &set), from.value <= to.value else {
                throw fault("A range ends before it begins", "Write a-z, or \\- for a dash.", at: position - 1)
            }
            Self.insert(from...to, to: &set)
        }
        return step(set)
    }

    /// One character of a class; nil for a set, which is added.
    private mutating func element(
        _ scalar: Unicode.Scalar,
        _ set: inout ScalarSet
    ) throws(TextPattern.Fault) -> Unicode.Scalar? {
        guard scalar == "\\" else { return scalar }
        guard let escaped = peek() else { throw fault("A “\\” ends the pattern", "Write \\\\.") }
        position += 1
        switch escaped {
        case "d": set.insert(0x30...0x39)
        case "s": set.insert(0x20...0x20)
        case "w":
            for value in UInt32(0)..<128 where Self.word.contains(value) { set.insert(value...value) }
            for range in Self.word.ranges { set.insert(range) }
        case "n", "r", "t", "f", "v": return " "
        case "0"..."9", "a"..."z", "A"..."Z":
            throw fault("The escape “\\\(escaped)” is not supported in a class", "Use \\d \\w \\s.", at: position - 2)
        default: return escaped
        }
        return nil
    }

    /// Adds a range and the folded forms of its characters.
    private static func insert(_ range: ClosedRange<Unicode.Scalar>, to set: inout ScalarSet) {
        set.insert(range.lowerBound.value...range.upperBound.value)
        // In larger ranges, which are whole scripts, only ASCII letters are folded.
        let values = range.lowerBound.value...range.upperBound.value
        for value in values.prefix(1024) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let folded = CanonicalText.isBlank(scalar) ? " " : FoldedText.folded(scalar)
            if let only = folded.unicodeScalars.first, folded.unicodeScalars.count == 1 {
                set.insert(only.value...only.value)
            }
        }
    }
}

/// Compiles a regular expression to steps.
struct PatternCompiler {
    private(set) var steps: [TextPattern.Step] = []
    let sets: [ScalarSet]
    /// How many parts were compiled, counting repeated ones: empty groups add no steps, but could be repeated without
    /// limit.
    private var parts = 0

    init(sets: [ScalarSet]) { self.sets = sets }

    mutating func compile(_ tree: PatternTree) throws(TextPattern.Fault) {
        parts += 1
        guard steps.count < TextPattern.Limit.program, parts < 10 * TextPattern.Limit.program else {
            throw TextPattern.Fault(
                message: "The pattern is too large: it has more than \(TextPattern.Limit.program) steps",
                remedy: "Repeat less, or use + and * in place of {m,n}.",
                position: 0
            )
        }
        switch tree {
        case .empty: break
        case .step(let step): steps.append(step)
        case .sequence(let parts): for part in parts { try compile(part) }
        case .choice(let branches):
            var jumps: [Int] = []
            for (index, branch) in branches.enumerated() {
                guard index < branches.count - 1 else {
                    try compile(branch)
                    break
                }
                let fork = steps.count
                steps.append(.fork(fork + 1, 0))
                try compile(branch)
                jumps.append(steps.count)
                steps.append(.jump(0))
                steps[fork] = .fork(fork + 1, steps.count)
            }
            for jump in jumps { steps[jump] = .jump(steps.count) }
        case .repetition(let part, let least, let most):
            for _ in 0..<least { try compile(part) }
            guard let most else {
                let fork = steps.count
                steps.append(.fork(fork + 1, 0))
                try compile(part)
                steps.append(.jump(fork))
                steps[fork] = .fork(fork + 1, steps.count)
                return
            }
            var forks: [Int] = []
            for _ in least..<most {
                forks.append(steps.count)
                steps.append(.fork(steps.count + 1, 0))
                try compile(part)
            }
            for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
        }
    }
}
