/// Sets of rules, by the number of each rule in evaluation order.
///
/// A set of many rules is dense: one bit for each rule, and one for each non-empty word of 64, so that empty stretches
/// are skipped 4,096 rules at a time. A set of few rules is sparse: only its non-empty words. So memory grows with how
/// often rules name values, not with rules times values.
struct RuleBitSets: Sendable {
    /// How many rules there are.
    let count: Int
    /// How many words a dense set has.
    let width: Int
    /// How many words the summary of a dense set has.
    let groups: Int
    /// All dense sets, one after the other.
    private(set) var bits: [UInt64] = []
    /// For each dense set, a bit for each of its non-empty words.
    private(set) var summaries: [UInt64] = []
    /// The numbers of the words of all sparse sets, in order within a set.
    private(set) var sparseWords: [UInt32] = []
    /// The words.
    private(set) var sparseBits: [UInt64] = []

    /// The place of a set.
    struct Place: Sendable {
        /// The number of a dense set, or the start of a sparse set.
        var start: Int32
        /// The end of a sparse set; -1 for a dense one.
        var end: Int32

        var isDense: Bool { end < 0 }
    }

    init(count: Int) {
        self.count = count
        width = (count + 63) / 64
        groups = (width + 63) / 64
    }

    /// Adds a dense set of these rules, and of those of another dense set.
    mutating func addDense(_ rules: some Sequence<Int32>, with other: Int? = nil) -> Int {
        let number = groups == 0 ? 0 : summaries.count / groups
        if let other {
            bits += bits[(other * width)..<((other + 1) * width)]
        } else {
            bits += repeatElement(0, count: width)
        }
        for rule in rules { bits[number * width + Int(rule) / 64] |= 1 << UInt64(rule % 64) }
        summaries += repeatElement(0, count: groups)
        for word in 0..<width where bits[number * width + word] != 0 {
            summaries[number * groups + word / 64] |= 1 << UInt64(word % 64)
        }
        return number
    }

    /// Adds a set of sorted rules; if there are many, dense and with the rules of another set.
    mutating func add(_ rules: ArraySlice<Int32>, orDenseWith other: Int) -> Place {
        var words = 0
        var last: Int32 = -1
        for rule in rules where rule / 64 != last {
            last = rule / 64
            words += 1
        }
        if width <= 16 || words > width / 4 {
            return Place(start: Int32(truncatingIfNeeded: addDense(rules, with: other)), end: -1)
        }
        let start = sparseWords.count
        last = -1
        for rule in rules {
            if rule / 64 != last {
                last = rule / 64
                sparseWords.append(UInt32(last))
                sparseBits.append(0)
            }
            sparseBits[sparseBits.count - 1] |= 1 << UInt64(rule % 64)
        }
        return Place(start: Int32(truncatingIfNeeded: start), end: Int32(truncatingIfNeeded: sparseWords.count))
    }

    /// Releases unused memory once all sets are added.
    mutating func fit() {
        bits = bits.withUnsafeBufferPointer(Array.init)
        summaries = summaries.withUnsafeBufferPointer(Array.init)
        sparseWords = sparseWords.withUnsafeBufferPointer(Array.init)
        sparseBits = sparseBits.withUnsafeBufferPointer(Array.init)
    }

    /// The sets as pointers, valid during a call.
    struct Pointers {
        let count: Int
        let width: Int
        let groups: Int
        let bits: UnsafeBufferPointer<UInt64>
        let summaries: UnsafeBufferPointer<UInt64>
        let sparseWords: UnsafeBufferPointer<UInt32>
        let sparseBits: UnsafeBufferPointer<UInt64>
    }

    func withPointers<Result>(_ body: (Pointers) -> Result) -> Result {
        bits.withUnsafeBufferPointer { bits in
            summaries.withUnsafeBufferPointer { summaries in
                sparseWords.withUnsafeBufferPointer { sparseWords in
                    sparseBits.withUnsafeBufferPointer { sparseBits in
                        body(
                            Pointers(
                                count: count,
                                width: width,
                                groups: groups,
                                bits: bits,
                                summaries: summaries,
                                sparseWords: sparseWords,
                                sparseBits: sparseBits
                            )
                        )
                    }
                }
            }
        }
    }
}
