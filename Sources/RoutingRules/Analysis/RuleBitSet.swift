/// A set of rules, by their place in evaluation order; one bit each.
struct RuleBitSet: Sendable, Equatable {
    private(set) var words: [UInt64]

    /// The empty set, for up to `count` rules.
    init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

    /// The rules before a place.
    init(before end: Int, count: Int) {
        self.init(count: count)
        for word in 0..<(end / 64) { words[word] = ~0 }
        if end % 64 != 0 { words[end / 64] = (1 << UInt64(end % 64)) - 1 }
    }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// All of them, in order.
    var members: [Int] { members(atMost: .max) }

    /// The first ones, in order.
    func members(atMost most: Int) -> [Int] {
        var members: [Int] = []
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                if members.count == most { return members }
                members.append(index * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return members
    }

    func contains(_ rule: Int) -> Bool { words[rule / 64] & (1 << UInt64(rule % 64)) != 0 }

    mutating func insert(_ rule: Int) { words[rule / 64] |= 1 << UInt64(rule % 64) }

    mutating func remove(_ rule: Int) { words[rule / 64] &= ~(1 << UInt64(rule % 64)) }

    /// Removes rules that are not in the other set; a rule beyond a shorter set's end is not in it.
    mutating func formIntersection(_ other: RuleBitSet) {
        for index in words.indices { words[index] &= index < other.words.count ? other.words[index] : 0 }
    }

    /// Removes the rules of the other set.
    mutating func subtract(_ other: RuleBitSet) {
        for index in 0..<min(words.count, other.words.count) { words[index] &= ~other.words[index] }
    }

    /// Adds the rules of the other set, up to this set's capacity.
    mutating func formUnion(_ other: RuleBitSet) {
        for index in 0..<min(words.count, other.words.count) { words[index] |= other.words[index] }
    }

    /// Adds the intersection of two other sets, up to this set's capacity.
    mutating func formUnion(of one: RuleBitSet, and other: RuleBitSet) {
        for index in 0..<min(words.count, min(one.words.count, other.words.count)) {
            words[index] |= one.words[index] & other.words[index]
        }
    }
}

/// The rules that name a value: a list while they are few, bits when they are many.
///
/// So an index of 100,000 rules with a value each takes megabytes, not gigabytes.
struct Posting: Sendable {
    private var few: [Int32] = []
    private var many: RuleBitSet?
    private let limit: Int
    private let capacity: Int

    init(ruleCount: Int) {
        capacity = ruleCount
        limit = max(8, ruleCount / 32)
    }

    /// Adds a rule; in ascending order.
    mutating func insert(_ rule: Int) {
        if many != nil {
            many?.insert(rule)
            return
        }
        if few.last == Int32(rule) { return }
        few.append(Int32(rule))
        guard few.count > limit else { return }
        var bits = RuleBitSet(count: capacity)
        for rule in few { bits.insert(Int(rule)) }
        many = bits
        few = []
    }

    /// Adds to a set those rules that are in another set as well.
    func add(to set: inout RuleBitSet, within other: RuleBitSet) {
        if let many {
            set.formUnion(of: many, and: other)
            return
        }
        let end = other.words.count * 64
        for rule in few {
            guard rule < end else { return }
            if other.contains(Int(rule)) { set.insert(Int(rule)) }
        }
    }
}
