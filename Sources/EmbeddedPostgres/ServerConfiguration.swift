import Glibc

/// The server's configuration files, written at each start.
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
    /// the client receives them anyway), no details.
    var main: String {
        // Each lead's identities fall on random pages of their indexes. Those of ten million leads exceed 512 MB, and
        // pages that are not in memory are read and written again for every lead. PostgreSQL's manual recommends a
        // quarter of the memory on a dedicated machine. The system provides the memory only when it is used.
        let buffers = settings.sharedBuffers ?? min(8192, max(64, memory / 4))
        // The first change of a page after a checkpoint logs the whole page, and identities fall on random pages: with
        // millions of leads that is most of the log, unless checkpoints are rare. Compression would cost a sixth of the
        // processor and save nothing, since digests cannot be compressed.
        let log = min(8192, max(2048, disk / 16))
        // A new log file that cannot be recycled from an old one is filled with zeros first, and all commits wait for
        // that. Without this setting a checkpoint after quiet hours would remove the old files.
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

    /// pg_hba.conf: which accounts may connect.
    ///
    /// Only through the socket, whose folder admits the server's account and root. A cluster for tests admits every
    /// role.
    var access: String {
        settings.isDurable
            ? "# Written by Switchyard at each start.\nlocal all all peer map=switchyard\n"
            : "# Written by Switchyard at each start.\nlocal all all trust\n"
    }

    /// pg_ident.conf: which accounts may use the owner's role and the administrator's.
    ///
    /// The administrator's adds nothing to what these accounts may do: the files of the cluster are theirs.
    var identities: String {
        let lines = accounts.union(["root"]).sorted()
            .flatMap { account in
                [ConnectionInfo.name, ConnectionInfo.administrator]
                    .map { "switchyard \(Self.identity(account)) \($0)" }
            }
        return "# Written by Switchyard at each start.\n" + lines.joined(separator: "\n") + "\n"
    }

    private static func quoted(_ value: String) -> String {
        "'" + value.flatMap { $0 == "'" ? "''" : String($0) } + "'"
    }

    private static func identity(_ account: String) -> String {
        "\"" + account.filter { $0 != "\"" && $0 != "\n" } + "\""
    }

    /// The size of the file system of a folder, in MB; 0 if the system does not report it.
    static func sizeOfDisk(at path: String) -> Int {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return 0 }
        return Int(facts.f_blocks) * Int(facts.f_frsize) / (1 << 20)
    }

    /// The memory available to this process, in MB: the machine's, or its control group's if that is less.
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
