/// The rules of one source, turned around, so that a lead is matched without walking over them.
///
/// A look-up per attribute selects six sets of rules; what is in all of them matches, and the first bit left is the
/// rule. Twenty rules are one word; ten thousand are 157. A class, so that nothing is copied on the way to a decision;
/// it never changes.
final class RuleIndex: Sendable {
    private let all: RuleSets

    /// How many words a set of rules has.
    var width: Int { all.width }

    /// An index over conditions, in the order in which their rules are tried.
    init(_ conditions: [RuleConditions]) { all = RuleSets(conditions) }

    /// The sets that a lead's values select.
    struct Selection {
        /// One for each attribute, in the order of `Attribute.allCases`.
        var sets: (Int, Int, Int, Int, Int, Int)
        /// The other way to meet a region list: the state as given.
        var regionAsGiven: Int
    }

    /// Looks up a lead's values.
    func selection(for lead: Lead) -> Selection {
        var selection = Selection(
            sets: (
                look(up: lead.industry, in: all.industries) ?? all.defaults[0],
                look(up: lead.companySize, in: all.companySizes) ?? all.defaults[1],
                look(up: lead.revenue, in: all.revenues) ?? all.defaults[2],
                all.defaults[3], all.defaults[4], all.defaults[5]
            ),
            regionAsGiven: all.defaults[5]
        )
        guard let location = lead.location else { return selection }
        var mayBeInUnitedStates = true
        if let country = location.country {
            FoldedText.withBytes(of: country) { text in
                // A blank country is a missing one.
                if text.isEmpty { return }
                let index = Country.index(ofFolded: text)
                mayBeInUnitedStates = index == Country.unitedStates
                if let index {
                    if !all.countries.isEmpty { selection.sets.3 = all.countries[index] }
                } else if let set = all.otherCountries.number(of: text) {
                    selection.sets.3 = set
                }
            }
        }
        if let state = location.state {
            FoldedText.withBytes(of: state) { text in
                selection.regionAsGiven = all.regionsAsGiven.number(of: text) ?? selection.regionAsGiven
                guard mayBeInUnitedStates, let index = USState.index(ofFolded: text) else { return }
                if !all.states.isEmpty { selection.sets.4 = all.states[index] }
                if !all.stateRegions.isEmpty { selection.sets.5 = all.stateRegions[index] }
            }
        }
        return selection
    }

    private func look(up value: String?, in table: ValueTable) -> Int? {
        guard let value, !table.isEmpty else { return nil }
        return FoldedText.withBytes(of: value, table.number(of:))
    }

    /// Calls `body` with each word of the set of the rules that match, until it returns false.
    func forEachMatchingWord(_ selection: Selection, _ body: (_ word: Int, _ rules: UInt64) -> Bool) {
        all.bits.withUnsafeBufferPointer { bits in
            let sets = selection.sets
            for word in 0..<width {
                let rules =
                    bits[sets.0 + word] & bits[sets.1 + word] & bits[sets.2 + word] & bits[sets.3 + word]
                    & bits[sets.4 + word] & (bits[sets.5 + word] | bits[selection.regionAsGiven + word])
                guard body(word, rules) else { return }
            }
        }
    }

    /// The attributes that keep a rule from matching, in the order of `Attribute.allCases`.
    func failures(of rule: Int, _ selection: Selection) -> [Attribute] {
        let sets = selection.sets
        let isMet = [
            contains(sets.0, rule), contains(sets.1, rule), contains(sets.2, rule),
            contains(sets.3, rule),
            contains(sets.4, rule), contains(sets.5, rule) || contains(selection.regionAsGiven, rule),
        ]
        return zip(Attribute.allCases, isMet).filter { !$1 }.map(\.0)
    }

    private func contains(_ set: Int, _ rule: Int) -> Bool {
        all.bits[set + rule / 64] & (1 << UInt64(rule % 64)) != 0
    }

    /// The rule, of those in `candidates`, that misses the fewest attributes; the first of several.
    ///
    /// Counts the misses of 64 rules at a time, in three bit planes.
    func nearestMiss(_ selection: Selection, among candidates: [UInt64]) -> Int? {
        var best: (misses: Int, rule: Int)?
        let bits = all.bits
        let sets = selection.sets
        for word in 0..<width {
            let missed = (
                ~bits[sets.0 + word], ~bits[sets.1 + word], ~bits[sets.2 + word], ~bits[sets.3 + word],
                ~bits[sets.4 + word], ~(bits[sets.5 + word] | bits[selection.regionAsGiven + word])
            )
            var planes: (UInt64, UInt64, UInt64) = (0, 0, 0)
            func count(_ rules: UInt64) {
                let carry = planes.0 & rules
                planes.0 ^= rules
                let second = planes.1 & carry
                planes.1 ^= carry
                planes.2 |= second
            }
            count(missed.0)
            count(missed.1)
            count(missed.2)
            count(missed.3)
            count(missed.4)
            count(missed.5)
            for misses in 1..<(best?.misses ?? 7) {
                var rules = candidates[word]
                rules &= misses & 1 == 0 ? ~planes.0 : planes.0
                rules &= misses & 2 == 0 ? ~planes.1 : planes.1
                rules &= misses & 4 == 0 ? ~planes.2 : planes.2
                guard rules != 0 else { continue }
                best = (misses, word * 64 + rules.trailingZeroBitCount)
                break
            }
            if best?.misses == 1 { break }
        }
        return best?.rule
    }
}
