import RoutingRules
import Testing

/// A request reports a bounded number of problems.
@Suite struct FieldProblemsTests {
    @Test func furtherProblemsAreCounted() {
        var problems = FieldProblems()
        var built = 0
        func text(_ text: String) -> String {
            built += 1
            return text
        }
        for number in 0..<10_000 { problems.note("/field\(number)", text("This field does not exist.")) }
        #expect(problems.count == 10_000)
        #expect(problems.reported.count == FieldProblems.limit)
        #expect(built == FieldProblems.limit)
        #expect(problems.list.count == FieldProblems.limit + 1)
        #expect(problems.list.last?.message == "And 9980 more.")
    }

    @Test func longNamesAreShortened() {
        var problems = FieldProblems()
        problems.note("/" + String(repeating: "é", count: 100_000), "This field does not exist.")
        #expect(problems.reported[0].field.utf8.count <= FieldProblems.fieldBytes + 3)
        #expect(problems.reported[0].field.hasSuffix("é…"))
    }
}
