import Glibc
import Subprocess
import SystemPackage

/// The operating system account that the server runs under.
///
/// PostgreSQL refuses to run as root, so a root process runs its programs as another account, through setpriv: setting
/// the ids between fork and exec in a process with threads has been seen to hang.
struct ServerAccount: Sendable, Hashable {
    let name: String
    let userID: uid_t
    let groupID: gid_t

    /// Whether it is the account of this process.
    var isCurrent: Bool { userID == geteuid() }

    /// The account of this process.
    static var current: ServerAccount {
        ServerAccount(userID: geteuid()) ?? ServerAccount(name: "\(geteuid())", userID: geteuid(), groupID: getegid())
    }

    /// Chooses the account: the owner of existing data, else the current one, else (for root) one without privileges.
    static func choose(dataOwner: uid_t?, environment: [String: String]) throws(EmbeddedPostgresError) -> ServerAccount
    {
        guard geteuid() == 0 else {
            if let dataOwner, dataOwner != geteuid() {
                let owner = ServerAccount(userID: dataOwner)?.name ?? "user \(dataOwner)"
                throw EmbeddedPostgresError(
                    .directory,
                    "The database belongs to \(owner), and this process runs as \(current.name).",
                    remedy: "Run it as \(owner) or as root, or choose another directory."
                )
            }
            return current
        }
        if let dataOwner, dataOwner != 0 {
            guard let owner = ServerAccount(userID: dataOwner) else {
                throw EmbeddedPostgresError(
                    .directory,
                    "The database belongs to user \(dataOwner), which has no account on this machine."
                )
            }
            return owner
        }
        let names = [environment["SUDO_USER"], "postgres", "nobody"].compactMap { $0 }
        if let account = names.lazy.compactMap({ ServerAccount(name: $0) }).first(where: { $0.userID != 0 }) {
            return account
        }
        throw EmbeddedPostgresError(
            .directory,
            "PostgreSQL does not run as root, and there is no account `postgres` or `nobody`.",
            remedy: "Run script/setup, or run this as another user."
        )
    }

    /// The output of a program, and whether it succeeded.
    struct Output: Sendable {
        let isSuccess: Bool
        /// Standard output without the white space around it.
        let text: String
        /// Standard error.
        let errors: String
    }

    /// Runs a program under this account until it exits, with `input` as its standard input.
    func output(of program: String, _ arguments: [String], input: String = "") async throws -> Output {
        let (executable, arguments) = command(program, arguments)
        let result = try await Subprocess.run(
            .path(FilePath(executable)),
            arguments: Arguments(arguments),
            environment: Self.environment,
            workingDirectory: "/",
            platformOptions: Self.options,
            input: .string(input),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        return Output(
            isSuccess: result.terminationStatus.isSuccess,
            text: result.standardOutput.trimmingWhitespace(),
            errors: result.standardError
        )
    }

    /// The command line that runs a program under this account and interrupts it when this process dies.
    func command(_ program: String, _ arguments: [String]) -> (executable: String, arguments: [String]) {
        guard access(Self.setpriv, X_OK) == 0 else { return (program, arguments) }
        var options = ["--pdeathsig", "INT"]
        if !isCurrent { options += ["--reuid=\(userID)", "--regid=\(groupID)", "--init-groups"] }
        return (Self.setpriv, options + [program] + arguments)
    }

    /// Checks that programs can be run under this account.
    func check() throws(EmbeddedPostgresError) {
        guard isCurrent || access(Self.setpriv, X_OK) == 0 else {
            throw EmbeddedPostgresError(
                .noServer,
                "\(Self.setpriv) is missing: it runs PostgreSQL as \(name) instead of root.",
                remedy: "Install util-linux."
            )
        }
    }

    private static let setpriv = "/usr/bin/setpriv"

    /// The environment of the programs: without secrets of this process and without libpq's variables.
    static var environment: Environment {
        var variables: [Environment.Key: String] = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"]
        if let libraries = getenv("LD_LIBRARY_PATH") { variables["LD_LIBRARY_PATH"] = String(cString: libraries) }
        return .custom(variables)
    }

    /// A separate session keeps the terminal's ^C away from the server; a stop is fast, then immediate.
    static var options: PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .interrupt, allowedDurationToNextStep: .seconds(60)),
            .send(signal: .quit, allowedDurationToNextStep: .seconds(10)),
        ]
        return options
    }
}

extension ServerAccount {
    init?(userID: uid_t) {
        guard let entry = getpwuid(userID) else { return nil }
        self.init(entry.pointee)
    }

    init?(name: String) {
        guard let entry = getpwnam(name) else { return nil }
        self.init(entry.pointee)
    }

    private init(_ entry: passwd) {
        self.init(name: String(cString: entry.pw_name), userID: entry.pw_uid, groupID: entry.pw_gid)
    }
}

extension String {
    /// The text without the white space around it.
    func trimmingWhitespace() -> String {
        let start = drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
