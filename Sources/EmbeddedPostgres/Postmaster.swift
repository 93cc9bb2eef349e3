import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// One run of the server program, from fork to exit.
final class Postmaster: Sendable {
    private let process: Task<Ending, Never>
    private let flag: EndFlag

    private final class EndFlag: Sendable {
        let isUp = Atomic(false)
    }

    /// How a run ended.
    struct Ending: Sendable, Hashable, CustomStringConvertible {
        let isClean: Bool
        let description: String
    }

    /// Starts the program; its output goes to `start.log` until its own log is open.
    init(_ binaries: ServerBinaries, _ place: ClusterPlace) throws {
        let descriptor = open(
            place.startLog,
            O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
            0o600
        )
        guard descriptor >= 0 else {
            throw EmbeddedPostgresError(
                .directory,
                "Cannot write \(place.startLog): \(String(cString: strerror(errno)))."
            )
        }
        let (executable, arguments) = place.account.command(binaries.postgres, ["-D", place.data])
        let log = FileDescriptor(rawValue: descriptor)
        let flag = EndFlag()
        self.flag = flag
        process = Task {
            defer { flag.isUp.store(true, ordering: .releasing) }
            do {
                let result = try await Subprocess.run(
                    .path(FilePath(executable)),
                    arguments: Arguments(arguments),
                    environment: ServerAccount.environment,
                    workingDirectory: "/",
                    platformOptions: ServerAccount.options,
                    input: .none,
                    output: .fileDescriptor(log, closeAfterSpawningProcess: true),
                    error: .combinedWithOutput
                )
                return Ending(isClean: result.terminationStatus.isSuccess, description: "\(result.terminationStatus)")
            } catch is CancellationError {
                return Ending(isClean: true, description: "stopped")
            } catch {
                return Ending(isClean: false, description: "\(error)")
            }
        }
    }

    /// Whether the program has exited.
    var hasEnded: Bool { flag.isUp.load(ordering: .acquiring) }

    /// Waits until the program has exited.
    func waitForEnd() async -> Ending { await process.value }

    /// Asks the server to stop, disconnecting clients, with a checkpoint; sends a stronger signal after a minute.
    func terminate() { process.cancel() }
}
