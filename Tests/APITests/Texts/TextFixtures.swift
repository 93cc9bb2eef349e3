import FoundationEssentials

/// Texts of others for tests; `Tests/Fixtures/README.md` says where they are from.
enum TextFixtures {
    /// The Big List of Naughty Strings.
    static let naughtyStrings: [String] = read("naughty-strings.json")

    /// JSONTestSuite: the name of each text, whose first letter says whether it is JSON, and its bytes.
    static let jsonTexts: [(name: String, bytes: [UInt8])] = {
        let texts: [String: String] = read("json-test-suite.json")
        return texts.sorted { $0.key < $1.key }
            .map { ($0.key, Data(base64Encoded: $0.value).map { Array($0) } ?? []) }
    }()

    private static func read<Value: Decodable>(_ name: String) -> Value {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        do {
            return try JSONDecoder()
                .decode(Value.self, from: Data(contentsOf: tests.appending(path: "Fixtures/\(name)")))
        } catch {
            preconditionFailure("Tests/Fixtures/\(name): \(error)")
        }
    }

    /// A string as JSON.
    static func json(_ text: String) -> String {
        let data = (try? JSONEncoder().encode([text])) ?? Data()
        return String(decoding: data.dropFirst().dropLast(), as: UTF8.self)
    }

    /// A text as the manual says that a lead's field is stored: without blanks at its ends, and with one space for each
    /// run of blanks that has a line break or a tab.
    static func asInLead(_ text: String) -> String? {
        var words: [(text: String.UnicodeScalarView, blanks: String.UnicodeScalarView)] = []
        var blanks = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if (0x09...0x0D).contains(scalar.value) || scalar.value == 0x20 || scalar.value == 0xA0 {
                blanks.append(scalar)
            } else if !blanks.isEmpty || words.isEmpty {
                words.append((.init([scalar]), blanks))
                blanks = .init()
            } else {
                words[words.count - 1].text.append(scalar)
            }
        }
        var result = String.UnicodeScalarView()
        for (index, word) in words.enumerated() {
            if index > 0 {
                let hasBreak = word.blanks.contains { $0.value < 0x20 }
                result.append(contentsOf: hasBreak ? .init([" "]) : word.blanks)
            }
            result.append(contentsOf: word.text)
        }
        return result.isEmpty ? nil : String(result)
    }

    /// A text as every other field is stored: without white space at its ends.
    static func trimmed(_ text: String) -> String? {
        var scalars = text.unicodeScalars[...]
        while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
        while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
        return scalars.isEmpty ? nil : String(scalars)
    }

    /// Whether two texts are the same byte by byte; `==` holds texts of the same Unicode meaning for equal.
    static func isSame(_ left: String?, _ right: String?) -> Bool {
        left.map { Array($0.utf8) } == right.map { Array($0.utf8) }
    }

    /// Whether a text has a control character, which no field but metadata takes.
    static func hasControl(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
