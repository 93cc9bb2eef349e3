import Testing

@testable import Web

/// Bodies split into lines.
struct LineSplitterTests {
    @Test(arguments: 1...7) func linesDoNotDependOnChunks(size: Int) throws {
        let text = Array("one\ntwo\r\n\n  \nthree".utf8)
        var splitter = LineSplitter(limit: 10)
        var lines: [String] = []
        for start in stride(from: 0, to: text.count, by: size) {
            try splitter.split(text[start..<min(start + size, text.count)]) {
                lines.append(String(decoding: $0, as: UTF8.self))
            }
        }
        try splitter.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
        #expect(lines == ["one", "two\r", "three"])
    }
}
