import Foundation
import Testing

@testable import SwitchyardServer

/// Variables of the process and of the file `.env`.
struct VariablesTests {
    @Test
    func fileHasALineForEachVariable() {
        let values = Variables.parsed(
            """
            # PORT=1
            PORT = 8081
            \tURL=postgresql://h/d?options=-c%20x=y\r
            EMPTY=
            =nothing
            no variable
            QUOTED="a b"
            PORT=8082
            """
        )
        let expected = ["PORT": "8082", "URL": "postgresql://h/d?options=-c%20x=y", "EMPTY": "", "QUOTED": "\"a b\""]
        #expect(values == expected)
    }

    @Test
    func emptyValueIsUnset() throws {
        let variables = Variables(["PORT": "", "DEMO": ""])
        #expect(variables.text("PORT") == nil)
        #expect(try variables.whole("PORT", default: 7, in: 0...9) == 7)
        #expect(try variables.truth("DEMO") == nil)
    }

    @Test
    func environmentWinsOverTheFile() throws {
        let file = FileManager.default.temporaryDirectory.path + "/switchyard-\(UUID().uuidString).env"
        try "PATH=/nowhere\nSWITCHYARD_TEST_VALUE=from the file\n"
            .write(toFile: file, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let variables = try Variables.ofProcess(file: file)
        #expect(variables.text("PATH") == ProcessInfo.processInfo.environment["PATH"])
        #expect(variables.text("SWITCHYARD_TEST_VALUE") == "from the file")
        #expect(try Variables.ofProcess(file: "/nowhere/.env").text("SWITCHYARD_TEST_VALUE") == nil)
    }

    @Test
    func unreadableFileIsReported() throws {
        let error = #expect(throws: SettingsError.self) { try Variables.ofProcess(file: "/proc/self") }
        #expect(error?.name == "The file /proc/self")
    }
}
