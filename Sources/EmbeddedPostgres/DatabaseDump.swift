import FoundationEssentials
import Subprocess
import SystemPackage

/// Copies a database into an empty one with pg_dump and pg_restore, through a temporary file.
package struct DatabaseDump: Sendable {
    private let source: String
    private let target: String

    /// Copies from one connection string to another; if they are URLs, their passwords are not shown in command lines.
    package init(from source: String, to target: String) {
        self.source = source
        self.target = target
    }

    /// Copies the database.
    ///
    /// - Throws: ``EmbeddedPostgresError`` when the programs are missing or fail.
    package func copy() async throws {
        let file = FileManager.default.temporaryDirectory.path + "/switchyard-\(UUID().uuidString).dump"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let (from, to) = (ConnectionText(source), ConnectionText(target))
        try await call(
            "pg_dump",
            // Row-level security is forced, so that an owner without BYPASSRLS may only read under its policies: all rows.
            [
                "--format=custom", "--compress=1", "--enable-row-security", "--file=\(file)",
                "--dbname=\(from.withoutPassword)",
            ],
            password: from.password
        )
        try await call(
            "pg_restore",
            ["--exit-on-error", "--dbname=\(to.withoutPassword)", file],
            password: to.password
        )
    }

    private func call(_ program: String, _ arguments: [String], password: String?) async throws {
        let path = try Self.find(program)
        let result = try await Subprocess.run(
            .path(FilePath(path)),
            arguments: Arguments(arguments),
            environment: password.map { Environment.inherit.updating(["PGPASSWORD": $0]) } ?? .inherit,
            output: .discarded,
            error: .string(limit: 1 << 16)
        )
        guard result.terminationStatus.isSuccess else {
            let line = result.standardError.split(separator: "\n").first.map(String.init) ?? "no error message"
            throw EmbeddedPostgresError(
                .start,
                "\(program) failed: \(line)",
                remedy: line.contains("version") || result.standardError.contains("version mismatch")
                    ? "Install the client programs of the server's version, or let SWITCHYARD_POSTGRES_BIN name their folder."
                    : nil
            )
        }
    }

    /// The path of a PostgreSQL program.
    private static func find(_ program: String) throws(EmbeddedPostgresError) -> String {
        let environment = ProcessInfo.processInfo.environment
        var folders = [environment["SWITCHYARD_POSTGRES_BIN"] ?? ""]
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        folders += versions.compactMap { Int($0) }.sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        folders += (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        for folder in folders where !folder.isEmpty {
            let path = "\(folder)/\(program)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw EmbeddedPostgresError(
            .noServer,
            "\(program) was not found.",
            remedy: "Install PostgreSQL's client programs, or set SWITCHYARD_POSTGRES_BIN to their folder."
        )
    }
}

/// A connection string, with its password separated if it is a URL that has one.
struct ConnectionText {
    /// The string without its password.
    let withoutPassword: String
    /// The password, decoded.
    let password: String?

    /// Parses a string.
    init(_ text: String) {
        guard let start = text.firstRange(of: "://")?.upperBound,
            let at = text[start...].prefix(while: { $0 != "/" && $0 != "?" }).lastIndex(of: "@"),
            let colon = text[start..<at].firstIndex(of: ":")
        else {
            withoutPassword = text
            password = nil
            return
        }
        withoutPassword = String(text[..<colon] + text[at...])
        password = Self.decoded(text[text.index(after: colon)..<at])
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
