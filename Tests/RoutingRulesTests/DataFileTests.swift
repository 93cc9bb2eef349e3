import Testing

@testable import RoutingRules

@Suite("Embedded data files")
struct DataFileTests {
    @Test("Comments are left out, and columns that are missing are empty")
    func commentsAndMissingColumns() {
        let text = "# A comment.\na\tb\tc|d\n\ne\t\tf\ng\n"
        #expect(DataFile.rows(text, columns: 3) == [["a", "b", "c|d"], ["e", "", "f"], ["g", "", ""]])
        #expect(DataFile.lines("# x\none\n#two\nthree") == ["one", "three"])
    }

    @Test(
        "Lists have no duplicates and are sorted",
        arguments: [Embedded.freeMail, Embedded.legalForms, Embedded.noCompany]
    )
    func listsAreSorted(_ text: String) {
        let lines = DataFile.lines(text)
        #expect(lines.count >= 11)
        #expect(lines == Set(lines).sorted())
        #expect(lines.allSatisfy { $0 == $0.lowercased() })
    }

    @Test("Every division of a state is one of the Census Bureau's")
    func divisionsAreKnown() {
        let divisions = Set(DataFile.rows(Embedded.usStates, columns: 4).map { $0[2] }).subtracting([""])
        #expect(divisions == Set(CensusDivision.allCases.map(\.rawValue)))
    }
}
