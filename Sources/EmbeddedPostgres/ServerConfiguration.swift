import Glibc

/// The server's configuration files, written anew at each start.
struct ServerConfiguration: Sendable, Hashable {
    var settings: ClusterSettings
    var socketDirectory: String
    var logDirectory: String
    /// The account of the server, and of this process.
    var accounts: Set<String>
    /// Memory of the machine or of the control group, in MB.
    var memory: Int
    /// The size of the file system that the cluster is on, in MB.
    var disk = 0

    /// postgresql.conf.
    ///
    /// The log holds no values: no statements, no parameters, no errors of statements (their texts quote values, and
    /// the client has them anyway), no details.
    var main: String {
        // Each lead's identities fall on pages of their indexes at random: those of ten million leads outgrow 512 MB, and what is
        // not in memory is read, and written out again, for every lead. A quarter is what PostgreSQL's manual begins with for a
        // machine of its own. Taken from the system as it is used, not before.
        let buffers = settings.sharedBuffers ?? min(8192, max(64, memory / 4))
        // The first change of a page after a checkpoint logs all of it, and identities fall on pages at random: with millions of
        // leads that is most of the log, unless checkpoints are far between. Compressing it takes a sixth of the processor then,
        // and makes it no smaller, since digests cannot be compressed.
        let log = min(8192, max(2048, disk / 16))
        // A file of the log that cannot be taken from those of before is written full of zeros first, and all commits wait for
        // that; after quiet hours a checkpoint would have thrown them away.
        let keptLog = log / 4
        let durability =
            settings.isDurable
            ? """
            fsync = on
            synchronous_commit = on
            full_page_writes = on
            max_wal_size = \(log)MB
            min_wal_size = \(keptLog)MB
            """
            : """
            fsync = off
            synchronous_commit = off
            full_page_writes = off
            wal_level = minimal
            max_wal_senders = 0
            max_wal_size = 1GB
            min_wal_size = 80MB
            """
        return """
            # Written by Switchyard at each start. Settings of your own go to local.conf beside this file, and win.
            listen_addresses = ''
            port = \(SocketDirectory.port)
            unix_socket_directories = \(Self.quoted(socketDirectory))
            unix_socket_permissions = 0700
            max_connections = \(settings.maximumConnections)
            shared_buffers = \(buffers)MB
            effective_cache_size = \(max(128, memory / 2))MB
            \(durability)
            wal_compression = off
            checkpoint_timeout = 15min
            checkpoint_completion_target = 0.9
            random_page_cost = 1.1
            effective_io_concurrency = 200
            jit = off
            autovacuum_naptime = 15s
            password_encryption = scram-sha-256
            timezone = 'UTC'
            datestyle = 'iso, ymd'
            lc_messages = 'C'
            default_text_search_config = 'pg_catalog.simple'
            logging_collector = on
            log_directory = \(Self.quoted(logDirectory))
            log_filename = 'postgresql-%a.log'
            log_truncate_on_rotation = on
            log_rotation_age = 1d
            log_rotation_size = 0
            log_timezone = 'UTC'
            log_line_prefix = '%m [%p] %a '
            log_min_messages = log
            log_min_error_statement = panic
            log_min_duration_statement = -1
            log_statement = none
            log_parameter_max_length = 0
            log_parameter_max_length_on_error = 0
            log_error_verbosity = terse
            log_lock_waits = on
            include_if_exists = 'local.conf'
            \(settings.more.joined(separator: "\n"))

            """
    }

    /// pg_hba.conf: who may come in.
    ///
    /// Only by the socket, whose folder admits the server's account and root. A cluster for tests lets every role in.
    var access: String {
        settings.isDurable
            ? "# Written by Switchyard at each start.\nlocal all all peer map=switchyard\n"
            : "# Written by Switchyard at each start.\nlocal all all trust\n"
    }

    /// pg_ident.conf: which accounts are the role.
    var identities: String {
        let lines = accounts.union(["root"]).sorted().map { "switchyard \(Self.identity($0)) \(ConnectionInfo.name)" }
        return "# Written by Switchyard at each start.\n" + lines.joined(separator: "\n") + "\n"
    }

    private static func quoted(_ value: String) -> String {
        "'" + value.flatMap { $0 == "'" ? "''" : String($0) } + "'"
    }

    private static func identity(_ account: String) -> String {
        "\"" + account.filter { $0 != "\"" && $0 != "\n" } + "\""
    }

    /// The size of the file system that a folder is on, in MB; 0 if it does not tell.
    static func sizeOfDisk(at path: String) -> Int {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return 0 }
        return Int(facts.f_blocks) * Int(facts.f_frsize) / (1 << 20)
    }

    /// Memory that this process may count on, in MB: the machine's, or its control group's if that is less.
    static func availableMemory() -> Int {
        let machine = Files.text("/proc/meminfo")
            .flatMap { text in
                text.split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
                    .flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") }
            }
        let group = Files.text("/sys/fs/cgroup/memory.max").flatMap { Int($0.trimmingWhitespace()) }
        return min((machine ?? 1 << 20) / 1024, (group ?? .max) / (1 << 20))
    }
}
