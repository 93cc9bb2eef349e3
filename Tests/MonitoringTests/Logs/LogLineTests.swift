import FoundationEssentials
import Testing

@testable import Monitoring

/// A log line is one line, whatever its values.
@Suite struct LogLineTests {
    private func line(_ format: LogFormat, _ fill: (inout LogLine) -> Void) -> String {
        var line = LogLine(format)
        line.begin(time: 1_764_019_861_007, level: "info", message: "It \"is\"\nso")
        fill(&line)
        line.end()
        return String(decoding: line.bytes, as: UTF8.self)
    }

    @Test func linesAreJSON() throws {
        let text = line(.json) { line in
            line.field("a.b", "x\\y\t\u{1}é")
            line.field("n", Int64(-12))
            line.field("ms", milliseconds: .microseconds(1_234_005))
            line.field(named: "k\"", "")
        }
        #expect(
            text == #"{"time":"2025-11-24T21:31:01.007Z","level":"info","message":"It \"is\"\nso","#
                + #""a.b":"x\\y\t\u0001é","n":-12,"ms":1234.005,"k\"":""}"# + "\n"
        )
    }

    @Test func linesAreText() {
        let text = line(.text) { line in
            line.field("plain", "x-1")
            line.field("spaced", "a b=\u{1B}[2J")
        }
        #expect(
            text == "2025-11-24T21:31:01.007Z info     It \"is\" so plain=x-1 spaced=\"a b=\\u001b[2J\"\n"
        )
    }

    @Test(arguments: [
        (0, "1970-01-01"), (951_782_400_000, "2000-02-29"), (4_107_542_400_000, "2100-03-01"), (-1, "1969-12-31"),
    ])
    func datesAreWrittenForAnyTime(time: Int64, date: String) {
        var line = LogLine(.text)
        line.begin(time: time, level: "info", message: "")
        #expect(String(decoding: line.bytes.prefix(10), as: UTF8.self) == date)
    }

    @Test func uuidsAreLowerCase() throws {
        let id = try #require(UUID(uuidString: "018F0000-0000-7000-8000-00000000ABCD"))
        #expect(line(.json) { $0.field("id", id) }.contains(#""id":"018f0000-0000-7000-8000-00000000abcd"}"#))
    }
}
