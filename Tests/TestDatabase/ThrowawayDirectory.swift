import FoundationEssentials
import Glibc
import Synchronization

/// The temporary directories of test clusters.
enum ThrowawayDirectory {
    /// This process.
    static var process: Int32 { getpid() }

    private static let prefix = "switchyard-test-"
    private static let atExit = Mutex<[String]>([])

    /// A directory for this process, after removing those of ended processes.
    static func claim(_ suffix: String = "") -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? [] where name.hasPrefix(prefix) {
            let number = name.dropFirst(prefix.count).prefix { $0.isNumber }
            guard let owner = Int32(number), owner != process, !isRunning(owner) else { continue }
            // Directories of other accounts are kept.
            try? FileManager.default.removeItem(atPath: "\(base)/\(name)")
        }
        return "\(base)/\(prefix)\(process)\(suffix)"
    }

    /// Whether the process exists.
    static func isRunning(_ process: Int32) -> Bool {
        kill(process, 0) == 0 || errno == EPERM
    }

    /// Stops the server of a directory, if any, and removes the directory, when this process exits.
    static func removeAtExit(_ directory: String) {
        let isFirst = atExit.withLock { directories in
            directories.append(directory)
            return directories.count == 1
        }
        guard isFirst else { return }
        atexit {
            for directory in ThrowawayDirectory.atExit.withLock({ $0 }) { ThrowawayDirectory.remove(directory) }
        }
    }

    private static func remove(_ directory: String) {
        let file = "\(directory)/data/postmaster.pid"
        if let text = try? String(contentsOfFile: file, encoding: .utf8),
            let server = Int32(text.prefix { $0 != "\n" }),
            // The process id may have been reused.
            let line = try? String(contentsOfFile: "/proc/\(server)/cmdline", encoding: .utf8), line.contains(directory)
        {
            kill(server, SIGQUIT)
            for _ in 0..<200 where access(file, F_OK) == 0 { usleep(10_000) }
        }
        try? FileManager.default.removeItem(atPath: directory)
    }
}
