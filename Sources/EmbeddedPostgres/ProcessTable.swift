import Glibc

/// Server processes in /proc; process ids are reused, so an id alone proves nothing.
enum ProcessTable {
    /// Whether this process is a postmaster of this data directory.
    static func isPostmaster(_ process: pid_t, of dataDirectory: String) -> Bool {
        guard process > 0, !isZombie(process), let line = Files.text("/proc/\(process)/cmdline") else { return false }
        let arguments = line.split(separator: "\0").map(String.init)
        guard let first = arguments.first, first == "postgres" || first.hasSuffix("/postgres"),
            let flag = arguments.firstIndex(of: "-D"), flag + 1 < arguments.count
        else { return false }
        return arguments[flag + 1] == dataDirectory
    }

    /// The processes that work in this data directory, as far as this account may see them.
    ///
    /// Finds the children of a killed postmaster; reads the entry of every process.
    static func processes(in dataDirectory: String) -> [pid_t] {
        (Files.names(in: "/proc") ?? []).compactMap { pid_t($0) }
            .filter { process in
                process != getpid() && Files.target(ofLink: "/proc/\(process)/cwd") == dataDirectory
                    && !isZombie(process)
            }
    }

    private static func isZombie(_ process: pid_t) -> Bool {
        guard let line = Files.text("/proc/\(process)/stat"), let parenthesis = line.lastIndex(of: ")") else {
            return false
        }
        return line[parenthesis...].dropFirst(2).first == "Z"
    }
}
