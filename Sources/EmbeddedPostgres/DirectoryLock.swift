import Glibc

/// A process's lock on a cluster's directory; the kernel releases it when the process ends.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; throws `.inUse` with the process id of its owner.
    init(directory: String, account: ServerAccount) throws(EmbeddedPostgresError) {
        let path = directory + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw EmbeddedPostgresError(.directory, "Cannot open \(path): \(String(cString: strerror(errno))).")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.owner(directory: directory).map { " (process \($0))" } ?? ""
            throw EmbeddedPostgresError(
                .inUse,
                "Another switchyard\(owner) runs the database in \(directory).",
                remedy: "Stop it first, or choose another directory."
            )
        }
        if !account.isCurrent { fchown(descriptor, account.userID, account.groupID) }
        ftruncate(descriptor, 0)
        var line = "\(getpid())\n"
        line.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Releases the lock; this also runs when the initializer throws, and so is the one place that closes.
    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The process that holds the lock, or held it last.
    static func owner(directory: String) -> pid_t? {
        Files.text(directory + "/lock").flatMap { pid_t($0.trimmingWhitespace()) }
    }
}
