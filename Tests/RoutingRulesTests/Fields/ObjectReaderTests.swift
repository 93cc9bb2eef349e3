import JSON
import RoutingRules
import Testing

@Suite("Reading an object's fields")
struct ObjectReaderTests {
    private func reader(
        _ json: String,
        names: [String] = ["firstName", "weight", "isActive", "note", "parts"],
        from origin: ObjectReader.Origin
    ) throws -> ObjectReader {
        ObjectReader(try #require(JSONValue(json: json)), at: "/body", names: names, from: origin)
    }

    @Test("A request may use snake case, a document may not")
    func spelling() throws {
        var request = try reader(#"{"first_name": " Ada "}"#, from: .request)
        #expect(request.text("firstName") == "Ada")
        #expect(request.problems.isEmpty)
        let document = try reader(#"{"first_name": "Ada"}"#, from: .document)
        #expect(document.problems.map(\.field) == ["/body/first_name"])
        #expect(document.problems.first?.remedy == "Did you mean firstName?")
    }

    @Test("A field that is given twice, or in two spellings, is a problem")
    func twice() throws {
        let request = try reader(#"{"firstName": "Ada", "first_name": "Eve"}"#, from: .request)
        #expect(request.problems.map(\.message) == ["This field is given twice."])
        let document = try reader(#"{"weight": 1, "weight": 2}"#, from: .document)
        #expect(document.problems.map(\.field) == ["/body/weight"])
    }

    @Test("Null is missing in a document, and a wrong value in a request")
    func null() throws {
        let json = #"{"firstName": null, "weight": null, "isActive": null}"#
        var document = try reader(json, from: .document)
        #expect(document.text("firstName") == nil && document.bool("isActive") == nil)
        #expect(document.integer("weight", in: 0...9) == nil)
        #expect(document.problems.isEmpty)
        var request = try reader(json, from: .request)
        #expect(request.text("firstName") == nil && request.bool("isActive") == nil)
        #expect(request.integer("weight", in: 0...9) == nil)
        #expect(request.problems.map(\.field) == ["/body/firstName", "/body/isActive", "/body/weight"])
        #expect(request.has("weight") && request.isNull("weight") && request.value("weight") == nil)
    }

    @Test(
        "A whole number is read in any notation, within its range",
        arguments: [("5", 5), ("5.0", 5), ("0.5e1", 5), ("10", nil), ("-1", nil), ("5.5", nil), ("\"5\"", nil)]
            as [(String, Int64?)]
    )
    func wholeNumber(json: String, expected: Int64?) throws {
        var reader = try reader("{\"weight\": \(json)}", from: .request)
        #expect(reader.integer("weight", in: 0...9) == expected)
        #expect(reader.problems.isEmpty == (expected != nil))
    }

    @Test("Problems inside lists and objects name their whole place")
    func places() throws {
        var reader = try reader(#"{"parts": [{"weight": 1}, 7, {"size": 1}, {"weight": "x"}]}"#, from: .document)
        var weights: [Int64] = []
        reader.eachObject("parts", names: ["weight"], atMost: 4) { part in
            if let weight = part.integer("weight", in: 0...9) { weights.append(weight) }
        }
        #expect(weights == [1])
        #expect(reader.problems.map(\.field) == ["/body/parts/1", "/body/parts/2/size", "/body/parts/3/weight"])
        #expect(reader.problems.last?.message == "This must be a whole number from 0 to 9, not a string.")
    }

    @Test("Of many problems twenty are reported, and the others counted")
    func manyProblems() throws {
        let members = (0..<1000).map { JSONValue.Member("key\($0)", .null) }
        let reader = ObjectReader(.object(members), names: ["name"], from: .request)
        #expect(reader.problems.count == 21)
        #expect(reader.problems.last?.message == "And 980 more.")
    }

    @Test("A name of many combining characters is refused without comparing it")
    func combiningName() {
        let name = "e" + String(repeating: "\u{301}\u{323}", count: 200_000)
        let reader = ObjectReader(.object([.init(name, .null), .init(name, .null)]), names: ["name"], from: .request)
        #expect(reader.problems.map(\.message) == Array(repeating: "This field does not exist.", count: 2))
    }

    @Test("A list that is too long is refused whole")
    func longList() throws {
        var reader = try reader(#"{"parts": [1, 2, 3]}"#, from: .document)
        #expect(reader.list("parts", atMost: 2).isEmpty)
        #expect(reader.problems.map(\.message) == ["This must be a list of at most 2 entries."])
    }

    @Test("A text is trimmed, and neither blank nor with control characters")
    func texts() throws {
        for (json, message) in [
            (#""  ""#, "This is blank."), (#""a\u0000b""#, "This holds a NUL byte or another control character."),
            ("\"\(String(repeating: "x", count: 201))\"", "This is longer than 200 characters."),
        ] {
            var reader = try reader("{\"note\": \(json)}", from: .document)
            #expect(reader.text("note") == nil)
            #expect(reader.problems.map(\.message) == [message])
        }
    }
}
