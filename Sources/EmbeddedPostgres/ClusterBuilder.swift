import Glibc

/// Creates a cluster, and writes its configuration.
struct ClusterBuilder: Sendable {
    let place: ClusterPlace
    let binaries: ServerBinaries
    let settings: ClusterSettings
    let socketDirectory: String

    /// Creates the cluster and its database in a temporary directory, then moves it; takes about two seconds.
    func make(_ progress: Progress) async throws {
        progress("Creating a PostgreSQL \(binaries.major) cluster in \(place.root) …")
        let data = place.unfinishedData
        _ = try await place.account.output(of: "/bin/rm", ["-rf", data])
        var arguments = [
            "-D", data, "-U", ConnectionInfo.administrator, "-E", "UTF8", "--locale=\(Self.locale)", "--data-checksums",
            "--auth-local=peer", "--auth-host=scram-sha-256", "--no-instructions",
        ]
        if !settings.isDurable { arguments.append("--no-sync") }
        _ = try await run(binaries.initdb, arguments, input: "")
        try await configure(data)
        _ = try await run(
            binaries.postgres,
            ["--single", "-D", data, "-c", "logging_collector=off", "postgres"],
            input: "CREATE DATABASE \(ConnectionInfo.name)\n"
        )
        try await setRoles(data)
        guard rename(data, place.data) == 0 else {
            throw EmbeddedPostgresError(.initialisation, "Cannot move \(data): \(String(cString: strerror(errno))).")
        }
    }

    /// Whether the database of a data directory belongs to a role that is no superuser.
    ///
    /// A file records it, so that a start need not ask the database.
    func hasRoles(_ data: String) -> Bool { access(data + Self.rolesFile, F_OK) == 0 }

    /// Makes the role that owns the database, or makes a superuser's database of an earlier version that role's.
    ///
    /// No server may run on the data directory. One transaction, which can be repeated.
    func setRoles(_ data: String) async throws {
        // `-j` reads a statement up to an empty line. The program ends successfully whatever its statements do.
        let output = try await run(
            binaries.postgres,
            [
                "--single", "-j", "-D", data, "-c", "logging_collector=off", "-c", "log_min_messages=error",
                ConnectionInfo.name,
            ],
            input: Embedded.clusterRoles + "\n\n"
        )
        guard output.text.contains("\"complete\"") else {
            try Task.checkCancellation()
            throw EmbeddedPostgresError(
                .initialisation,
                "The database in \(place.root) could not be given to a role that is no superuser.",
                remedy: "Fix what PostgreSQL reports, then start again; nothing has been changed.",
                log: ServerLog.reason(in: output.text + "\n" + output.errors)
            )
        }
        try await place.account.write("1\n", to: data + Self.rolesFile)
    }

    private static let rolesFile = "/switchyard_roles"

    /// Writes the three configuration files of a data directory.
    func configure(_ data: String) async throws {
        let configuration = ServerConfiguration(
            settings: settings,
            socketDirectory: socketDirectory,
            logDirectory: place.log,
            accounts: [place.account.name, ServerAccount.current.name],
            memory: ServerConfiguration.availableMemory(),
            disk: ServerConfiguration.sizeOfDisk(at: place.root)
        )
        try await place.account.write(configuration.access, to: data + "/pg_hba.conf")
        try await place.account.write(configuration.identities, to: data + "/pg_ident.conf")
        try await place.account.write(configuration.main, to: data + "/postgresql.conf")
    }

    private func run(
        _ program: String,
        _ arguments: [String],
        input: String
    ) async throws -> ServerAccount.Output {
        let output = try await place.account.output(of: program, arguments, input: input)
        guard output.isSuccess else {
            try Task.checkCancellation()
            throw EmbeddedPostgresError(
                .initialisation,
                "The cluster in \(place.root) could not be created.",
                remedy: "Fix what PostgreSQL reports, then start again.",
                log: ServerLog.reason(in: output.text + "\n" + output.errors)
            )
        }
        return output
    }

    /// Plain byte order with Unicode character classes, if the machine has that locale.
    private static var locale: String {
        guard let locale = newlocale(1 << LC_CTYPE | 1 << LC_COLLATE, "C.UTF-8", nil) else { return "C" }
        freelocale(locale)
        return "C.UTF-8"
    }
}
