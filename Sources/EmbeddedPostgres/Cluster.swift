import Glibc
import Logging

/// The lifecycle of a cluster in this process: created, started, supervised, stopped. It is not restarted after a stop.
actor Cluster {
    nonisolated let logger: Logger
    nonisolated let directory: String
    nonisolated let settings: ClusterSettings
    private nonisolated let environment: [String: String]

    private var starting: Task<Running, any Error>?
    private var running: Running?
    private var isStopping = false

    /// The resources held while the server runs.
    struct Running: Sendable {
        let place: ClusterPlace
        let binaries: ServerBinaries
        let lock: DirectoryLock
        var postmaster: Postmaster
        var connection: ConnectionInfo
    }

    init(directory: String, settings: ClusterSettings, logger: Logger) {
        self.directory = directory
        self.settings = settings
        self.logger = logger
        let names = ["PATH", "SWITCHYARD_POSTGRES_BIN", "SUDO_USER", "XDG_RUNTIME_DIR"]
        environment = Dictionary(
            uniqueKeysWithValues: names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
        )
    }

    /// Starts the server; concurrent and later calls share one start.
    func start(progress: @escaping Progress) async throws -> ConnectionInfo {
        if let running { return running.connection }
        if isStopping { throw CancellationError() }
        let task = starting ?? Task { try await begin(progress) }
        starting = task
        do {
            let running = try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
            starting = nil
            // Two callers may have waited for one start.
            self.running = self.running ?? running
            return running.connection
        } catch {
            starting = nil
            throw error
        }
    }

    private func begin(_ progress: @escaping Progress) async throws -> Running {
        let place = try await ClusterPlace.prepare(directory, environment: environment, progress: progress)
        let lock = try DirectoryLock(directory: place.root, account: place.account)
        let binaries = try await ServerBinaries.find(major: place.dataMajor, environment: environment)
        let socketDirectory = try SocketDirectory.prepare(place, environment: environment)
        let builder = ClusterBuilder(
            place: place,
            binaries: binaries,
            settings: settings,
            socketDirectory: socketDirectory
        )
        if !place.hasData { try await builder.make(progress) }
        try await builder.configure(place.data)
        let launch = Launch(place: place, binaries: binaries, socketDirectory: socketDirectory)
        if !builder.hasRoles(place.data) {
            progress("Giving the database of an earlier version to a role that is no superuser …")
            try await launch.clearRemains(progress)
            try await builder.setRoles(place.data)
        }
        let (postmaster, file) = try await launch.start(progress)
        let connection = ConnectionInfo(
            socketDirectory: socketDirectory,
            port: file.port,
            serverProcess: file.process,
            isOurs: true
        )
        return Running(
            place: place,
            binaries: binaries,
            lock: lock,
            postmaster: postmaster,
            connection: connection
        )
    }

    /// Supervises the server until it is stopped; restarts it after a crash.
    func supervise() async throws {
        var budget = RestartBudget()
        while !isStopping, let current = running {
            let log = ServerLog(of: current.place)
            let ending = await current.postmaster.waitForEnd()
            if isStopping { break }
            logger.error("PostgreSQL ended unexpectedly and is being restarted.", metadata: ["status": "\(ending)"])
            guard let delay = budget.delay(at: .now) else {
                await stop()
                throw EmbeddedPostgresError(
                    .start,
                    "PostgreSQL ended unexpectedly too often (\(ending)).",
                    log: log.reason()
                )
            }
            try? await Task.sleep(for: delay)
            if isStopping { break }
            do {
                try await restart(current)
            } catch {
                if isStopping { break }
                await stop()
                throw error
            }
        }
        await stop()
    }

    private func restart(_ last: Running) async throws {
        let launch = Launch(
            place: last.place,
            binaries: last.binaries,
            socketDirectory: last.connection.socketDirectory
        )
        let task = Task { [logger] in
            let (postmaster, file) = try await launch.start { logger.info("\($0)") }
            var next = last
            next.postmaster = postmaster
            next.connection = ConnectionInfo(
                socketDirectory: last.connection.socketDirectory,
                port: file.port,
                serverProcess: file.process,
                isOurs: true
            )
            return next
        }
        starting = task
        defer { starting = nil }
        running = try await task.value
        logger.notice("PostgreSQL has been restarted.")
    }

    /// Stops the server, or a start in progress, and releases the directory.
    func stop() async {
        isStopping = true
        if let starting {
            starting.cancel()
            if let late = try? await starting.value, running == nil { running = late }
        }
        guard let last = running else { return }
        last.postmaster.terminate()
        let ending = await last.postmaster.waitForEnd()
        guard running != nil else { return }
        running = nil
        if !ending.isClean {
            logger.warning(
                "PostgreSQL did not stop cleanly; it recovers on its next start.",
                metadata: ["status": "\(ending)"]
            )
        }
    }

    /// Finds the server that another process runs here, waiting while it starts; starts it if that process ends.
    func join(progress: @escaping Progress) async throws -> ConnectionInfo {
        let root = Files.resolved(Files.absolute(directory)) ?? directory
        let data = root + "/data"
        var waiting = BoundedWait(limit: .seconds(120))
        while true {
            if let file = PostmasterFile(dataDirectory: data), file.status == .ready,
                ProcessTable.isPostmaster(file.process, of: data)
            {
                return ConnectionInfo(
                    socketDirectory: file.socketDirectory,
                    port: file.port,
                    serverProcess: file.process,
                    isOurs: false
                )
            }
            let owner = DirectoryLock.owner(directory: root).map { " (process \($0))" } ?? ""
            guard try await waiting.tick(progress, "Waiting for the database of another switchyard\(owner)") else {
                throw EmbeddedPostgresError(
                    .inUse,
                    "Another switchyard\(owner) holds \(root), and its database does not become ready.",
                    remedy: "Check its log, or stop it."
                )
            }
            do {
                return try await start(progress: progress)
            } catch let error as EmbeddedPostgresError where error.code == .inUse {
                continue
            }
        }
    }
}
