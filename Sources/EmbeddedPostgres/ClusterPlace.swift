import Glibc

/// The directories of a cluster: `data`, `log` and `start.log` under one root, and the folder of the socket.
struct ClusterPlace: Sendable, Hashable {
    /// The real directory, links resolved.
    let root: String
    let account: ServerAccount

    var data: String { root + "/data" }
    /// Where a new cluster is created before it is moved to `data`, so that `data` is never incomplete.
    var unfinishedData: String { root + "/data.new" }
    var log: String { root + "/log" }
    var startLog: String { root + "/start.log" }
    var hasData: Bool { Self.hasData(root) }

    static func hasData(_ root: String) -> Bool { access(root + "/data/PG_VERSION", F_OK) == 0 }

    /// The major version that made the data; nil when there is none.
    var dataMajor: Int? {
        Files.text(data + "/PG_VERSION").flatMap { Int($0.trimmingWhitespace()) }
    }

    /// Finds the directory of a cluster, and creates it if it is missing.
    ///
    /// If the server's account cannot enter the directory, as below `/root`, the cluster is placed in `/var/lib`, with
    /// a symbolic link at the requested path.
    static func prepare(
        _ directory: String,
        environment: [String: String],
        progress: Progress
    ) async throws -> ClusterPlace {
        let requested = Files.absolute(directory)
        try Files.makeDirectory(requested, mode: 0o700)
        let root = Files.resolved(requested) ?? requested
        let owner = hasData(root) ? Files.status(root + "/data")?.st_uid : nil
        let account = try ServerAccount.choose(dataOwner: owner, environment: environment)
        try account.check()
        if owner == nil {
            try checkIsOurs(root)
            try Files.give(root, to: account)
        }
        if try await account.canWrite(in: root) { return ClusterPlace(root: root, account: account) }
        guard owner == nil, !account.isCurrent, Files.target(ofLink: requested) == nil else {
            throw EmbeddedPostgresError(
                .directory,
                "\(account.name) cannot enter or write \(root).",
                remedy: "Each folder above it must admit \(account.name), and the last must belong to it."
            )
        }
        return try relocate(requested, account: account, progress: progress)
    }

    private static func checkIsOurs(_ root: String) throws(EmbeddedPostgresError) {
        let known: Set = ["lock", "log", "start.log", "data.new", "socket"]
        let others = (Files.names(in: root) ?? []).filter { !known.contains($0) }
        if let other = others.min() {
            throw EmbeddedPostgresError(
                .directory,
                "\(root) holds other files (\(other)) and no database.",
                remedy: "Choose an empty directory."
            )
        }
    }

    private static func relocate(
        _ requested: String,
        account: ServerAccount,
        progress: Progress
    ) throws(EmbeddedPostgresError) -> ClusterPlace {
        let root = "/var/lib/switchyard-\(PathHash.text(of: requested))"
        if Files.status(root) != nil {
            // The operator removed the link to it and so wants a new cluster; the data must be kept.
            let kept = (1...).lazy.map { "\(root)-old-\($0)" }.first { Files.status($0) == nil } ?? root
            guard rename(root, kept) == 0 else {
                throw EmbeddedPostgresError(
                    .directory,
                    "Cannot move \(root) aside: \(String(cString: strerror(errno)))."
                )
            }
            progress("An earlier database of this folder is kept in \(kept); remove it if you no longer need it.")
        }
        try Files.makeDirectory(root, mode: 0o700)
        try Files.give(root, to: account)
        for leftover in ["lock", "start.log"] { unlink("\(requested)/\(leftover)") }
        guard rmdir(requested) == 0, symlink(root, requested) == 0 else {
            throw EmbeddedPostgresError(
                .directory,
                "Cannot put a link to \(root) at \(requested): \(String(cString: strerror(errno)))."
            )
        }
        progress("\(account.name) cannot enter \(requested): the database is in \(root), with a link from there.")
        return ClusterPlace(root: root, account: account)
    }
}

extension ServerAccount {
    /// Whether the account can enter and write a directory; tests it.
    func canWrite(in directory: String) async throws -> Bool {
        try await output(of: "/bin/sh", ["-c", "cd \"$1\" && test -w .", "sh", directory]).isSuccess
    }

    /// Writes a file as this account, atomically, readable by this account only.
    func write(_ text: String, to path: String) async throws {
        let script = "umask 077; cat > \"$1.new\" && mv -f \"$1.new\" \"$1\""
        let output = try await output(of: "/bin/sh", ["-c", script, "sh", path], input: text)
        guard output.isSuccess else {
            throw EmbeddedPostgresError(.directory, "Cannot write \(path): \(output.errors.trimmingWhitespace())")
        }
    }
}

/// A short name for a path, the same on every run (64-bit FNV-1a).
enum PathHash {
    static func text(of path: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
