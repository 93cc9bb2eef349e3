import ArgumentParser
import EmbeddedPostgres
import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import SwitchyardServer
import Synchronization

extension Migrate {
    /// Migrates a copy of the database, and says how long each step took and what it held.
    struct Rehearse: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Migrate a copy of the database as `up --online` would, report, and drop the copy.",
            discussion: """
                The database itself is only read. The copy is made on the same server: by CREATE DATABASE … TEMPLATE \
                where no client is connected to it, else by pg_dump and pg_restore. It needs room for the copy, and the \
                right to make databases.
                """
        )

        @Flag(help: "Keep the copy for inspection.")
        var keep = false

        func run() async throws {
            let isWell = try await withDatabase(schema: .none) { try await Rehearsal($0, keepsCopy: keep).run() }
            if !isWell { throw ExitCode(1) }
        }
    }
}

/// One rehearsal.
struct Rehearsal {
    private let session: DatabaseSession
    private let terminal: Terminal
    private let keepsCopy: Bool

    /// A rehearsal over an open database; it closes the connections of it.
    init(_ session: DatabaseSession, keepsCopy: Bool) {
        self.session = session
        terminal = session.terminal
        self.keepsCopy = keepsCopy
    }

    /// Does it; false when the copy is not whole at the end.
    func run() async throws -> Bool {
        let facts = try await session.stores.schema.databaseFacts()
        guard facts.mayCreateDatabases else {
            throw CommandError(
                "The database user may not create databases, so no copy can be made.",
                remedy:
                    "ALTER ROLE … CREATEDB, or rehearse on a restored backup: DATABASE_URL=… switchyard migrate up --online."
            )
        }
        let copy = "switchyard_rehearsal_\(UUID.new().text.prefix(13).filter { $0 != "-" })"
        // Who copies a database by template must not be connected to it.
        await session.pool.shutdown()
        let server = pool("postgres")
        let stores = Stores(pool: server)
        do {
            let isWell = try await rehearse(facts.name, copy: copy, size: facts.size, on: stores)
            if !keepsCopy { try await stores.schema.dropDatabase(copy) }
            await server.shutdown()
            return isWell
        } catch {
            if !keepsCopy { try? await stores.schema.dropDatabase(copy) }
            await server.shutdown()
            throw error
        }
    }

    private func rehearse(_ name: String, copy: String, size: Int64, on server: Stores) async throws -> Bool {
        let start = ContinuousClock.now
        terminal.error("Copying \(name) (\(Self.megabytes(size))) …")
        let way: String
        do {
            try await server.schema.makeDatabase(copy, from: name)
            way = "by template"
        } catch let error as PostgresError where error.sqlState == "55006" {
            try await server.schema.makeDatabase(copy, from: nil)
            try await DatabaseDump(from: session.connectionString, to: session.connectionString(toDatabase: copy))
                .copy()
            way = "by pg_dump and pg_restore, because others are connected to it"
        }
        terminal.output("Copied \(Self.megabytes(size)) in \(Self.seconds(.now - start)), \(way).\n")

        let pool = pool(copy)
        let stores = Stores(pool: pool)
        do {
            try await stores.schema.resetChanges()
            let isWell = try await migrate(pool, stores)
            await pool.shutdown()
            terminal.output(
                keepsCopy ? "The copy is \(copy); DROP DATABASE \(copy); removes it." : "The copy is dropped."
            )
            return isWell
        } catch {
            await pool.shutdown()
            throw error
        }
    }

    private func migrate(_ pool: PostgresPool, _ stores: Stores) async throws -> Bool {
        let terminal = terminal
        let migrator = Migrator(migrations: SchemaMigrations.all, pool: pool) { _ in
            try await stores.schema.missingMigrations()
        }
        let steps = Mutex<[(name: String, at: ContinuousClock.Instant)]>([])
        let sampling = Task { try await LockSamples.take(stores) }
        let start = ContinuousClock.now
        let applied = try await migrator.upOnline { line in
            terminal.error(line)
            // What is indented twice says how far a step has come.
            if !line.hasPrefix("    ") { steps.withLock { $0.append((line, .now)) } }
        }
        let end = ContinuousClock.now
        sampling.cancel()
        let samples = try await sampling.value

        var table = TextTable(["STEP", "TIME"])
        let told = steps.withLock { $0 }
        for (index, step) in told.enumerated() {
            let next = index + 1 < told.count ? told[index + 1].at : end
            table.add([step.name, Self.seconds(next - step.at)])
        }
        terminal.output(table.text)
        terminal.output("Applied \(applied.count) migrations in \(Self.seconds(end - start)).\n")

        table = TextTable(["LOCK THAT STOPS OTHERS", "MODE", "HELD AT MOST"])
        for lock in samples.longest { table.add([lock.lock.relation, lock.lock.mode, Self.seconds(lock.time)]) }
        terminal.output(table.text)
        terminal.output("Looked at \(samples.count) times; locks held for less than one interval are not included.\n")

        // A session reports its counts to the server a moment after its transactions.
        try await Task.sleep(for: .seconds(1))
        table = TextTable(["TABLE", "INSERTED", "UPDATED", "DELETED"])
        for change in try await stores.schema.tableChanges() {
            table.add([change.name, "\(change.inserted)", "\(change.updated)", "\(change.deleted)"])
        }
        terminal.output(table.text)
        terminal.output("The copy has \(Self.megabytes(try await stores.schema.databaseFacts().size)) now.")
        let broken = try await stores.schema.verify().filter { !$0.isOK }
        for check in broken { terminal.output("✗ \(check.name)  \(check.detail)") }
        terminal.output(broken.isEmpty ? "Every check of `migrate verify` passed." : "\(broken.count) checks failed.")
        return broken.isEmpty
    }

    private func pool(_ database: String) -> PostgresPool {
        PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: session.connectionString(toDatabase: database),
                applicationName: "switchyard"
            ),
            maximumConnections: 3,
            logger: session.logger
        )
    }

    private static func megabytes(_ bytes: Int64) -> String { "\((bytes + 524_288) / 1_048_576) MB" }

    private static func seconds(_ time: Duration) -> String {
        let hundredths = time.components.seconds * 100 + time.components.attoseconds / 10_000_000_000_000_000
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
    }
}

/// Which locks were held how long, as far as looking again and again can tell.
struct LockSamples: Sendable {
    /// How often was looked.
    var count = 0
    private var since: [HeldLock: ContinuousClock.Instant] = [:]
    private var times: [HeldLock: Duration] = [:]

    /// The longest time that each was held without a break, the longest first.
    var longest: [(lock: HeldLock, time: Duration)] {
        times.map { (lock: $0.key, time: $0.value) }
            .sorted { ($1.time, $0.lock.relation, $0.lock.mode) < ($0.time, $1.lock.relation, $1.lock.mode) }
    }

    /// Looks every ten milliseconds until the task is cancelled.
    static func take(_ stores: Stores) async throws -> LockSamples {
        var samples = LockSamples()
        while !Task.isCancelled {
            guard let held = try? await stores.schema.heldLocks() else { break }
            samples.note(Set(held), at: .now)
            try? await Task.sleep(for: .milliseconds(10))
        }
        return samples
    }

    /// Notes what is held at a time.
    mutating func note(_ held: Set<HeldLock>, at now: ContinuousClock.Instant) {
        count += 1
        since = since.filter { held.contains($0.key) }
        for lock in held {
            let start = since[lock] ?? now
            since[lock] = start
            times[lock] = max(times[lock] ?? .zero, now - start)
        }
    }
}
