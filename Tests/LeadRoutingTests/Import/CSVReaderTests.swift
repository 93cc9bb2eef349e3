import FoundationEssentials
import LeadRouting
import Testing

@Suite struct CSVReaderTests {
    private func read(_ bytes: [UInt8], pieces: [Int] = []) throws -> (rows: [CSVRow], reader: CSVReader) {
        var reader = CSVReader()
        var rows: [CSVRow] = []
        var start = 0
        for piece in pieces where start < bytes.count {
            let end = min(bytes.count, start + piece)
            rows += try reader.read(bytes[start..<end])
            start = end
        }
        rows += try reader.read(bytes[start...])
        rows += try reader.finish()
        return (rows, reader)
    }

    private func fields(_ text: String) throws -> [[String]] { try read(Array(text.utf8)).rows.map(\.fields) }

    @Test func readsPlainFiles() throws {
        #expect(try fields("a,b\n1,2\n") == [["a", "b"], ["1", "2"]])
        #expect(try fields("a,b\r\n1,2") == [["a", "b"], ["1", "2"]])
        #expect(try fields("a,b\r1,2\r") == [["a", "b"], ["1", "2"]])
        #expect(try fields("a,b\n,\n") == [["a", "b"], ["", ""]])
        #expect(try fields("a,b\n1,\n") == [["a", "b"], ["1", ""]])
        #expect(try fields("a\n\n\r\n1\n\n") == [["a"], ["1"]])
        #expect(try fields("") == [])
        #expect(try fields("\u{FEFF}a,b\n") == [["a", "b"]])
    }

    @Test func readsQuotedFields() throws {
        #expect(try fields("a,b\n\"x,\"\"y\"\"\",\"\"\n") == [["a", "b"], ["x,\"y\"", ""]])
        #expect(try fields("a,b\n\"1\r\n2\",\"3\n4\"\n") == [["a", "b"], ["1\r\n2", "3\n4"]])
        // Not RFC 4180, but it occurs: a quote inside a value, and text after the closing quote.
        #expect(try fields("a,b\n5\" pipe,\"x\"y\n") == [["a", "b"], ["5\" pipe", "xy"]])
        #expect(try fields("\"\"\n\"\"") == [[""], [""]])
    }

    @Test func countsLinesInsideQuotes() throws {
        let rows = try read(Array("a,b\n\"1\r\n2\r3\n4\",x\r\n\r\n5,6\n".utf8)).rows
        #expect(rows.map(\.line) == [1, 2, 7])
    }

    @Test(arguments: [",", ";", "\t", "|"]) func detectsSeparator(separator: String) throws {
        let text = "email\(separator)\"a,b;c|d\"\(separator)phone\nx@example.com\(separator)1\(separator)2"
        let (rows, reader) = try read(Array(text.utf8))
        #expect(rows.map(\.fields) == [["email", "a,b;c|d", "phone"], ["x@example.com", "1", "2"]])
        #expect(reader.delimiter == separator.utf8.first)
    }

    @Test func latin1IsReadAndReported() throws {
        let bytes = Array("name,city\nZoë,Köln\n".utf8) + [0x5A, 0x6F, 0xEB, 0x2C, 0x80, 0x0A]
        let (rows, reader) = try read(bytes)
        #expect(rows.map(\.fields) == [["name", "city"], ["Zoë", "Köln"], ["Zoë", "€"]])
        #expect(reader.windows1252Line == 3)
        #expect(try read(Array("a\nZoë\n".utf8)).reader.windows1252Line == nil)
    }

    @Test func binaryFilesAreRefused() {
        let utf16 = "email,phone\n".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        for bytes in [[0xFF, 0xFE] + utf16, utf16, [0xFE, 0xFF, 0, 0x61]] {
            let error = #expect(throws: CSVError.self) { try read(bytes) }
            #expect(error?.message.contains("UTF-16") == true)
        }
    }

    @Test func unclosedQuoteNamesItsRow() throws {
        let error = #expect(throws: CSVError.self) { try read(Array("a,b\n1,2\n\"3,4\n5,6\n".utf8)) }
        #expect(error?.line == 3)
        var limits = CSVReader.Limits()
        limits.rowBytes = 100
        var reader = CSVReader(limits: limits)
        let long = #expect(throws: CSVError.self) {
            _ = try reader.read(Array("a,b\n\"".utf8) + [UInt8](repeating: 0x61, count: 200))
        }
        #expect(long?.line == 2)
        limits.columns = 3
        var wide = CSVReader(limits: limits)
        #expect(throws: CSVError.self) { _ = try wide.read(Array("a,b\n1,2,3,4,5\n".utf8)) }
    }

    /// Files with all special cases, split at random places: the rows are those of the whole file.
    @Test(arguments: 0..<200) func rowsDoNotDependOnChunks(seed: UInt64) throws {
        var random = SeededGenerator(seed)
        let parts: [[UInt8]] =
            ["a", "é", "\"", "\"\"", ",", ";", "\n", "\r\n", "\r", " ", "\u{FEFF}", "x@y.z"]
            .map { Array($0.utf8) } + [[0xE9], [0x80]]
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0..<60, using: &random) { bytes += parts.randomElement(using: &random) ?? [] }
        let pieces = (0..<bytes.count).map { _ in Int.random(in: 1...4, using: &random) }
        let whole = Result { try read(bytes) }
        let cut = Result { try read(bytes, pieces: pieces) }
        switch (whole, cut) {
        case (.success(let whole), .success(let cut)):
            #expect(whole.rows == cut.rows)
            #expect(whole.reader.windows1252Line == cut.reader.windows1252Line)
            #expect(cut.reader.bytesRead == bytes.count)
        case (.failure(let whole), .failure(let cut)): #expect(whole as? CSVError == cut as? CSVError)
        default: Issue.record("One was read and the other was not.")
        }
    }

    /// Text written by the rules of RFC 4180 is read back.
    @Test(arguments: 0..<100) func readsBackWrittenRows(seed: UInt64) throws {
        var random = SeededGenerator(seed)
        let letters = ["a", "é", "\"", ",", "\n", "\r\n", " ", "名", "1"]
        let width = Int.random(in: 2...5, using: &random)
        var rows = [(0..<width).map { "h\($0)" }]
        for _ in 0..<Int.random(in: 0..<10, using: &random) {
            rows.append(
                (0..<width)
                    .map { _ in
                        (0..<Int.random(in: 0..<4, using: &random))
                            .map { _ in letters.randomElement(using: &random) ?? "" }
                            .joined()
                    }
            )
        }
        let text =
            rows.map { row in
                row.map {
                    "\"\($0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
                }
                .joined(separator: ",")
            }
            .joined(separator: "\r\n")
        #expect(try fields(text) == rows)
    }
}
