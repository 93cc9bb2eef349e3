import Foundation
import Inngest
import Monitoring
import Testing

@testable import SwitchyardServer

/// Secrets that are given as files.
struct SecretFileTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/switchyard-secrets-\(UUID().uuidString)"

    private func with(_ content: [UInt8], mode: Int = 0o600, _ body: (String) throws -> Void) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/secret"
        #expect(
            FileManager.default.createFile(atPath: path, contents: Data(content), attributes: [.posixPermissions: mode])
        )
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        try body(path)
    }

    /// One mechanism for all of them, and none that is read in another way.
    @Test(arguments: Variables.secrets)
    func everySecretIsReadFromItsFile(name: String) throws {
        try with(Array("value of the file\n".utf8)) { path in
            let (variables, exposed) = try Variables([name + "_FILE": path]).readingSecretFiles()
            #expect(variables.text(name) == "value of the file")
            #expect(exposed.isEmpty)
            let error = #expect(throws: SettingsError.self) {
                try Variables([name: "given", name + "_FILE": path]).readingSecretFiles()
            }
            #expect(error?.name == name && error?.problem.contains(name + "_FILE") == true)
            #expect(error.map { "\($0)".contains("given") || "\($0)".contains("value of") } == false)
        }
    }

    @Test func settingsAreReadFromFiles() throws {
        try with(Array("postgresql://db/leads\r\n".utf8)) { path in
            let settings = try Settings(variables: ["DATABASE_URL_FILE": path])
            #expect(settings.databaseURL == "postgresql://db/leads")
        }
        try with(Array("secret\n\n".utf8)) { path in
            let token = try Settings(variables: ["METRICS_TOKEN_FILE": path]).monitoring.metricsToken
            #expect(token?.matches("secret\n") == true)
        }
        try with(Array("signkey-test-0123456789abcdef".utf8)) { path in
            let settings = try Settings(variables: ["INNGEST_SIGNING_KEY_FILE": path])
            #expect(settings.inngest.signingKeys.primary != nil)
        }
    }

    @Test func fileOfOthersIsReported() throws {
        for (mode, isExposed) in [(0o600, false), (0o640, false), (0o644, true), (0o444, true), (0o604, true)] {
            try with(Array("secret".utf8), mode: mode) { path in
                let settings = try Settings(variables: ["METRICS_TOKEN_FILE": path])
                #expect(settings.exposedFiles.map(\.variable) == (isExposed ? ["METRICS_TOKEN_FILE"] : []))
            }
        }
    }

    @Test(arguments: [
        ([UInt8](), "it is empty"), ([0x0A], "it is empty"), ([0x61, 0x00], "UTF-8"), ([0xFF], "UTF-8"),
        ([UInt8](repeating: 0x61, count: 65_537), "more than 65536 bytes"),
    ])
    func unusableFileIsReported(content: [UInt8], reason: String) throws {
        try with(content) { path in
            let error = #expect(throws: SettingsError.self) { try Settings(variables: ["SENTRY_DSN_FILE": path]) }
            #expect(error?.name == "SENTRY_DSN_FILE")
            #expect(error?.problem.contains(path) == true && error?.problem.contains(reason) == true)
        }
    }

    @Test func missingFileIsReported() throws {
        for (path, reason) in [("/nowhere/secret", "No such file"), ("/proc/self", "directory")] {
            let error = #expect(throws: SettingsError.self) { try Settings(variables: ["DATABASE_URL_FILE": path]) }
            #expect(error?.name == "DATABASE_URL_FILE" && error?.problem.contains(reason) == true)
        }
    }

    /// A new setting whose name is that of a secret must be in the list.
    @Test func noSecretIsMissingFromTheList() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources")
        var text = ""
        for folder in ["SwitchyardServer/Settings", "Inngest/Settings"] {
            for file in try FileManager.default.contentsOfDirectory(atPath: sources.path + "/" + folder) {
                text += try String(contentsOfFile: "\(sources.path)/\(folder)/\(file)", encoding: .utf8)
            }
        }
        let names = Set(text.matches(of: /"([A-Z][A-Z0-9_]+)"/).map { String($0.1) })
        let asSecrets = Set(text.matches(of: /\.secret\("([A-Z0-9_]+)"\)/).map { String($0.1) })
        let named = names.filter { name in
            ["_KEY", "_SECRET", "_TOKEN", "_PASSWORD", "_DSN", "_HEADERS", "_FALLBACK"].contains { name.hasSuffix($0) }
        }
        #expect(asSecrets.count >= 4 && named.count >= 10)
        #expect(asSecrets.union(named).subtracting(Variables.secrets) == [])
    }
}
