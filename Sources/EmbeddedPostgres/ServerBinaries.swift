import Glibc

/// The programs of one PostgreSQL version on this machine.
struct ServerBinaries: Sendable, Hashable {
    /// The folder that holds `postgres` and `initdb`.
    let directory: String

    /// The major version.
    let major: Int

    var postgres: String { directory + "/postgres" }
    var initdb: String { directory + "/initdb" }

    /// The oldest supported version.
    static let oldestMajor = 15

    /// Finds the programs: the newest version on the machine, or the one that an existing cluster needs.
    static func find(major needed: Int?, environment: [String: String]) async throws -> ServerBinaries {
        if let chosen = environment["SWITCHYARD_POSTGRES_BIN"], !chosen.isEmpty {
            guard let binaries = await ServerBinaries(at: chosen) else {
                throw EmbeddedPostgresError(
                    .noServer,
                    "SWITCHYARD_POSTGRES_BIN is \(chosen), which has no working postgres and initdb."
                )
            }
            try binaries.check(needed)
            return binaries
        }
        var found: [ServerBinaries] = []
        for directory in await candidates(environment) {
            if let binaries = await ServerBinaries(at: directory) { found.append(binaries) }
        }
        let best = found.filter { needed == nil || $0.major == needed }.max { $0.major < $1.major }
        if let best, best.major >= oldestMajor { return best }
        throw missing(needed: needed, found: found.map(\.major))
    }

    private func check(_ needed: Int?) throws(EmbeddedPostgresError) {
        guard major >= Self.oldestMajor, needed == nil || needed == major else {
            throw Self.missing(needed: needed, found: [major])
        }
    }

    private static func missing(needed: Int?, found: [Int]) -> EmbeddedPostgresError {
        let versions = Set(found).sorted().map(String.init).joined(separator: ", ")
        let seen = found.isEmpty ? "none was found" : "found: \(versions)"
        guard let needed else {
            return EmbeddedPostgresError(
                .noServer,
                "PostgreSQL \(oldestMajor) or later is needed; \(seen).",
                remedy: "Run script/setup, or set SWITCHYARD_POSTGRES_BIN to the folder of its programs."
            )
        }
        let remedy =
            needed >= oldestMajor
            ? "Install postgresql-\(needed) (it can stay beside others), or move the data with pg_upgrade."
            : "PostgreSQL \(oldestMajor) or later is needed: move the data with pg_upgrade."
        return EmbeddedPostgresError(
            .noServer,
            "This cluster was created by PostgreSQL \(needed); \(seen).",
            remedy: remedy
        )
    }

    private static func candidates(_ environment: [String: String]) async -> [String] {
        let packaged = "/usr/lib/postgresql"
        var directories = (Files.names(in: packaged) ?? [])
            .filter { Int($0) != nil }
            .map { "\(packaged)/\($0)/bin" }
        let searchPath = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        directories += searchPath.filter { access($0 + "/postgres", X_OK) == 0 }
        if let config = searchPath.map({ $0 + "/pg_config" }).first(where: { access($0, X_OK) == 0 }),
            let output = try? await ServerAccount.current.output(of: config, ["--bindir"])
        {
            directories.append(output.text)
        }
        return directories
    }

    /// The programs in a folder, if both exist and report their version.
    private init?(at directory: String) async {
        guard access(directory + "/postgres", X_OK) == 0, access(directory + "/initdb", X_OK) == 0,
            let output = try? await ServerAccount.current.output(of: directory + "/postgres", ["--version"]),
            // "postgres (PostgreSQL) 15.18 (Debian …)", "… 18beta1"
            let version = output.text.split(separator: " ").dropFirst(2).first,
            let major = Int(version.prefix { $0.isNumber })
        else { return nil }
        self.directory = directory
        self.major = major
    }
}
