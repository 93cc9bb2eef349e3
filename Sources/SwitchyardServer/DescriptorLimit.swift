import Glibc

/// The limit of open files and sockets, and how many client connections it allows.
enum DescriptorLimit {
    /// Raises the limit as far as the process may; the usual 1024 exists for old programs.
    ///
    /// - Returns: the new limit.
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

    /// The number of client connections, without the descriptors that the database and the process need, so that an
    /// accept never fails for lack of a descriptor.
    ///
    /// - Parameters:
    ///   - limit: the limit of descriptors.
    ///   - usual: the configured number of connections.
    ///   - database: connections to the database.
    /// - Returns: the number.
    /// - Throws: `CommandError` if it is below 32.
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
