import FoundationEssentials

/// The leads of a simulation that wait for one rule, in the order of `switchyard.claim_waiters`: every source has an
/// equal share, its oldest leads first, and the source served longest ago is first.
struct SimulatedQueue {
    /// A waiting lead.
    struct Waiter {
        /// The number of the lead in the simulation: lower came earlier.
        let number: Int
        let lead: SimulatedLead
    }

    /// By source, each from the oldest.
    private var sources: [UUID: [Waiter]] = [:]
    /// When each source last had its turn.
    private var served: [UUID: Int] = [:]
    private var turns = 0

    private static let noSource = StateKey.none

    var isEmpty: Bool { sources.isEmpty }
    var count: Int { sources.values.reduce(0) { $0 + $1.count } }

    /// Inserts a lead in the order of its number.
    mutating func add(_ waiter: Waiter) {
        var line = sources.removeValue(forKey: waiter.lead.source ?? Self.noSource) ?? []
        var place = line.count
        while place > 0, line[place - 1].number > waiter.number { place -= 1 }
        line.insert(waiter, at: place)
        sources[waiter.lead.source ?? Self.noSource] = line
    }

    /// The next leads, at most `limit`, without some.
    mutating func next(_ limit: Int, except: Set<Int>) -> [Waiter] {
        let order = sources.keys.sorted { one, other in
            let left = (served[one] ?? 0, sources[one]?.first?.number ?? 0)
            return left < (served[other] ?? 0, sources[other]?.first?.number ?? 0)
        }
        guard !order.isEmpty else { return [] }
        var taken: [Waiter] = []
        var chosen = except
        // First each source's share, then the remainder.
        for share in [max(limit / order.count, 1), limit] {
            for source in order where taken.count < limit {
                var left = min(share, limit - taken.count)
                let before = taken.count
                for waiter in sources[source] ?? [] where left > 0 {
                    guard chosen.insert(waiter.number).inserted else { continue }
                    taken.append(waiter)
                    left -= 1
                }
                guard taken.count > before else { continue }
                turns += 1
                served[source] = turns
            }
            if order.count == 1 { break }
        }
        return taken
    }

    /// Removes leads.
    mutating func remove(_ numbers: Set<Int>) {
        for (source, line) in sources {
            let rest = line.filter { !numbers.contains($0.number) }
            sources[source] = rest.isEmpty ? nil : rest
        }
    }
}
