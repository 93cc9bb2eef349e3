import Glibc

/// How many files and sockets the process may have open, and how many connections that leaves for callers.
enum DescriptorLimit {
    /// Raises the limit as far as the process may raise it itself: the usual 1024 is there for old programs' sake.
    ///
    /// - Returns: the limit now.
    static func raise() -> Int {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(files, &limit) == 0 else { return 1024 }
        let wanted = min(limit.rlim_max, 1 << 16)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = wanted
            if setrlimit(files, &limit) != 0 { getrlimit(files, &limit) }
        }
        return Int(min(limit.rlim_cur, 1 << 30))
    }

    /// How many callers' connections there may be: what the database and the process itself need is kept back, so that
    /// an accept never fails for want of a descriptor.
    ///
    /// - Parameters:
    ///   - limit: how many descriptors there may be.
    ///   - usual: how many connections are served where that is no obstacle.
    ///   - database: connections to the database.
    /// - Returns: how many.
    /// - Throws: `CommandError` where fewer than 32 are left.
    static func connections(limit: Int, usual: Int, database: Int) throws -> Int {
        let left = limit - database - 100
        guard left >= 32 else {
            throw CommandError(
                "This process may open only \(limit) files and sockets at a time.",
                remedy: "Allow it 1024 or more: `ulimit -n 8192` before it starts, LimitNOFILE=8192 in a systemd unit."
            )
        }
        return min(usual, left)
    }
}
