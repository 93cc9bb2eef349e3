import JSON
import Testing

struct JSONPointerTests {
    @Test(arguments: [("name", "name"), ("a/b~c", "a~1b~0c"), ("~1", "~01"), ("", ""), ("é", "é")])
    func slashesAndTildesAreEscaped(_ key: String, _ part: String) {
        #expect(JSONPointer.part(key) == part)
    }

    @Test func longKeysAreCut() {
        #expect(JSONPointer.part(String(repeating: "/", count: 100), upTo: 3) == "~1~1~1")
        #expect(JSONPointer.part(String(repeating: "a", count: 100)).count == 64)
    }
}
