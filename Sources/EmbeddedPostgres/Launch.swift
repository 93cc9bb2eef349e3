import Glibc

/// One start of the server, from whatever state the last run left.
struct Launch: Sendable {
    let place: ClusterPlace
    let binaries: ServerBinaries
    let socketDirectory: String

    /// How long crash recovery may take.
    private static let longestRecovery = Duration.seconds(600)

    /// Starts the server and waits until it accepts connections.
    func start(_ progress: Progress) async throws -> (Postmaster, PostmasterFile) {
        try await clearRemains(progress)
        var wait = BoundedWait(limit: .seconds(15), step: .milliseconds(500))
        while true {
            let log = ServerLog(of: place)
            let postmaster = try Postmaster(binaries, place)
            do {
                return (postmaster, try await waitUntilReady(postmaster, log, progress))
            } catch let error as EmbeddedPostgresError
                where error.log.contains(where: { $0.contains("pre-existing shared memory block") })
            {
                // Children of a killed server that are missing in the process table end within seconds.
                guard try await wait.tick(progress, "Waiting for processes of a killed PostgreSQL") else {
                    throw error
                }
            } catch {
                postmaster.terminate()
                _ = await postmaster.waitForEnd()
                throw error
            }
        }
    }

    private func waitUntilReady(
        _ postmaster: Postmaster,
        _ log: ServerLog,
        _ progress: Progress
    ) async throws -> PostmasterFile {
        var wait = BoundedWait(limit: Self.longestRecovery)
        while true {
            if postmaster.hasEnded {
                let ending = await postmaster.waitForEnd()
                try await waitForLogWriter(progress)
                throw EmbeddedPostgresError(
                    .start,
                    "PostgreSQL did not start (\(ending)).",
                    remedy: "Its log is in \(place.log).",
                    log: log.reason()
                )
            }
            if let file = PostmasterFile(dataDirectory: place.data), file.status == .ready { return file }
            guard try await wait.tick(progress, "Waiting for PostgreSQL (crash recovery)") else {
                throw EmbeddedPostgresError(
                    .start,
                    "PostgreSQL was not ready after \(Self.longestRecovery.components.seconds / 60) minutes.",
                    remedy: "Its log is in \(place.log).",
                    log: log.reason()
                )
            }
        }
    }

    /// Waits until the process that writes the log has written the last lines of a server that has ended, and is gone.
    private func waitForLogWriter(_ progress: Progress) async throws {
        var wait = BoundedWait(limit: .seconds(5))
        while !ProcessTable.processes(in: place.data).isEmpty {
            guard try await wait.tick(progress, "Waiting for the last lines of PostgreSQL's log") else { return }
        }
    }

    /// Ends the processes of an earlier run and removes its files: this process holds the directory's lock, so no other
    /// one uses them.
    func clearRemains(_ progress: Progress) async throws {
        guard Files.status(PostmasterFile.path(place.data)) != nil else { return }
        if let file = PostmasterFile(dataDirectory: place.data), ProcessTable.isPostmaster(file.process, of: place.data)
        {
            try await end(file.process, progress)
        }
        try await endOrphans(progress)
        // The process id in the file may have been reused; then the server would refuse to start.
        for path in [
            PostmasterFile.path(place.data),
            "\(socketDirectory)/.s.PGSQL.\(SocketDirectory.port)",
            "\(socketDirectory)/.s.PGSQL.\(SocketDirectory.port).lock",
        ] { unlink(path) }
    }

    /// A server whose switchyard was killed is already stopping; if it does not stop, it gets stronger signals.
    private func end(_ process: pid_t, _ progress: Progress) async throws {
        for (signal, limit) in [(0, 2), (SIGINT, 60), (SIGQUIT, 10), (SIGKILL, 5)] {
            if signal != 0 { kill(process, signal) }
            var wait = BoundedWait(limit: .seconds(limit))
            while ProcessTable.isPostmaster(process, of: place.data) {
                let text = "Waiting for an earlier PostgreSQL (process \(process)) to stop"
                guard try await wait.tick(progress, text) else { break }
            }
            if !ProcessTable.isPostmaster(process, of: place.data) { return }
        }
        throw EmbeddedPostgresError(
            .start,
            "An earlier PostgreSQL (process \(process)) still runs on \(place.data) and cannot be stopped.",
            remedy: "Stop it with `kill`."
        )
    }

    private func endOrphans(_ progress: Progress) async throws {
        var wait = BoundedWait(limit: .seconds(5))
        while !ProcessTable.processes(in: place.data).isEmpty {
            guard try await wait.tick(progress, "Waiting for processes of a killed PostgreSQL") else { break }
        }
        for process in ProcessTable.processes(in: place.data) { kill(process, SIGKILL) }
    }
}
