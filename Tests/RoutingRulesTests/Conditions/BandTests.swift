import RoutingRules
import Testing

@Suite("Bands of size and revenue")
struct BandTests {
    @Test(
        "Reads common notations",
        arguments: [
            ("11-50", 11, 50), ("11–50", 11, 50), ("51 to 200", 51, 200), ("10001+", 10001, .infinity),
            ("$1M-$10M", 1e6, 1e7), ("$1M–$10M", 1e6, 1e7), ("500K", 5e5, 5e5), ("1 million", 1e6, 1e6), ("42", 42, 42),
            ("1,001-5,000", 1001, 5000), ("<10", 0, 9), (">5000", 5001, .infinity), ("under 10", 0, 9),
            ("<= 10", 0, 10),
            ("11-50 employees", 11, 50), ("1-10M", 1e6, 1e7), ("500-1M", 500, 1e6), ("$500K - 1M", 5e5, 1e6),
            ("up to 50", 0, 50), ("at least 200", 200, .infinity), ("between 5 and 10", 5, 10), ("1.5M", 1.5e6, 1.5e6),
            ("€2 bn+", 2e9, .infinity), ("over 100", 101, .infinity), ("10 or more", 10, .infinity),
            ("USD 5m", 5e6, 5e6),
        ] as [(String, Double, Double)]
    )
    func read(_ text: String, _ lower: Double, _ upper: Double) {
        #expect(BandText.extent(of: text, isWhole: true) == Extent(lower, upper))
    }

    @Test("Below a million dollars ends just below it")
    func money() {
        let band = BandText.extent(of: "under $1M", isWhole: false)
        #expect(band == Extent(0, 1e6.nextDown))
        #expect(Extent(1e6).isMet(by: band ?? Extent(0), .lessThan))
        #expect(BandText.extent(of: "<$1M", isWhole: false) == band)
    }

    @Test(
        "Refuses other texts",
        arguments: [
            "", " ", "many", "50-11", "11-50-200", "1.2.3", "2026-05-01", "-5", "11-", "+", "<", "<x", "1M million",
            "10 apples",
            "1,00", "12345678901234567890123", "self-employed", "1-10 to 20",
        ]
    )
    func none(_ text: String) {
        #expect(BandText.extent(of: text, isWhole: true) == nil)
    }

    @Test("Comparing holds for a range exactly when it holds for every number in it", arguments: 0..<200)
    func everyNumber(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let lower = Int.random(in: 0...30, using: &generator)
        let upper = Int.random(in: lower...30, using: &generator)
        let bound = Int.random(in: 0...30, using: &generator)
        let other = Int.random(in: bound...30, using: &generator)
        guard let value = Extent(Double(lower), Double(upper)), let range = Extent(Double(bound), Double(other)) else {
            return
        }
        let point = Extent(Double(bound))
        let numbers = lower...upper
        #expect(point.isMet(by: value, .lessThan) == numbers.allSatisfy { $0 < bound }, "seed \(seed)")
        #expect(point.isMet(by: value, .atMost) == numbers.allSatisfy { $0 <= bound }, "seed \(seed)")
        #expect(point.isMet(by: value, .greaterThan) == numbers.allSatisfy { $0 > bound }, "seed \(seed)")
        #expect(point.isMet(by: value, .atLeast) == numbers.allSatisfy { $0 >= bound }, "seed \(seed)")
        #expect(range.isMet(by: value, .between) == numbers.allSatisfy { (bound...other).contains($0) }, "seed \(seed)")
        #expect(range.isMet(by: value, .overlaps) == numbers.contains { (bound...other).contains($0) }, "seed \(seed)")
    }
}
