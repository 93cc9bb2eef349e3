import ArgumentParser
import LeadStore
import Postgres
import SwitchyardServer

/// Migrates the database's schema, rolls it back, and reports its state.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Migrate, roll back and check the schema.",
        subcommands: [Up.self, Down.self, Status.self, Verify.self, Plan.self, Rehearse.self, Default.self],
        defaultSubcommand: Default.self
    )
}

extension Migrate {
    /// `migrate` without a subcommand: `status`, or with `--online` `up --online`.
    struct Default: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "bare", shouldDisplay: false)

        @Flag(help: "The same as `up --online`.")
        var online = false

        @Flag(
            inversion: .prefixedNo,
            help: "Let pg_cron release stale locks and expire leads while no node runs, or stop that."
        )
        var pgCron: Bool?

        func run() async throws {
            if let pgCron { return try await keepSchedules(byCron: pgCron) }
            guard online else { return try await Status().run() }
            var up = Up()
            up.online = true
            try await up.run()
        }
    }
}

extension Migrate {
    /// Applies missing migrations.
    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply missing migrations.",
            discussion: """
                Safe to repeat, and safe when two nodes do it at once: one does it, the other waits. With --online other \
                programs continue to read and write, however many leads there are: see docs/migration-guide.md.
                """
        )

        @Flag(help: "In small steps, while other programs read and write; continues after an interruption.")
        var online = false

        func run() async throws {
            try await withDatabase(schema: .none) { session in
                let terminal = session.terminal
                if online, await session.pool.isThroughPooler() {
                    throw CommandError(
                        "DATABASE_URL goes through a pooler in transaction mode, where no session can hold a lock.",
                        remedy: "Set DATABASE_URL to the direct address of the database."
                    )
                }
                let applied =
                    online
                    ? try await session.migrator.upOnline { terminal.error($0) }
                    : try await session.migrator.up { terminal.error($0) }
                terminal.output(applied.isEmpty ? "The schema is up to date." : "Applied \(applied.count) migrations.")
            }
        }
    }

    /// Rolls migrations back, newest first.
    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Roll back the newest migrations.",
            discussion: """
                The audit log is kept in another table; the columns of the rolled-back migration are \
                removed with their data. Make a backup first.
                """
        )

        @Option(help: "The version to roll back to; it stays applied.")
        var to: String

        @Flag(help: "Roll back; without this flag the command only prints what it would do.")
        var yes = false

        func run() async throws {
            try await withDatabase(schema: .none) { session in
                let terminal = session.terminal
                guard session.migrator.migrations.contains(where: { $0.version == to }) else {
                    throw CommandError(
                        "The migration “\(to)” does not exist.",
                        remedy: "`switchyard migrate status` lists them."
                    )
                }
                guard yes else {
                    let applied = try await session.migrator.status()
                        .filter { $0.isApplied && $0.migration.version > to }
                    for state in applied.reversed() { terminal.output("would roll back \(state.migration.version)") }
                    terminal.output("Nothing was done. Make a backup, then add --yes.")
                    return
                }
                let undone = try await session.migrator.down(to: to) { terminal.error($0) }
                terminal.output("Rolled back \(undone.count) migrations.")
            }
        }
    }

    /// Lists the migrations.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the migrations and which are applied.")

        func run() async throws {
            try await withDatabase(schema: .none) { session in
                var table = TextTable(["VERSION", "NAME", "STATE"])
                for state in try await session.migrator.status() {
                    table.add([state.migration.version, state.migration.name, state.summary])
                }
                terminal.output(table.text)
            }
        }
    }

    /// Runs every check of the schema.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check columns, functions, policies, indexes, triggers and backfill.",
            discussion: "Exits with 0 when every check passes, with 1 otherwise."
        )

        func run() async throws {
            let allWell = try await withDatabase(schema: .none) { session in
                let checks = try await session.verifySchema()
                var table = TextTable(["", "CHECK", "DETAIL"])
                for check in checks { table.add([check.isOK ? "✓" : "✗", check.name, check.detail]) }
                terminal.output(table.text)
                let broken = checks.filter { !$0.isOK }.count
                terminal.output(
                    broken == 0
                        ? "All \(checks.count) checks passed."
                        : "\(broken) of \(checks.count) checks failed. `switchyard migrate up` restores what is missing."
                )
                return broken == 0
            }
            if !allWell { throw ExitCode(1) }
        }
    }

    /// Prints what `up` would do.
    struct Plan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print what `up` would do, and do nothing.")

        func run() async throws {
            try await withDatabase(schema: .none) { session in
                let plan = try await session.migrator.plan()
                for step in plan { terminal.output("\(step.version)  \(step.name)") }
                terminal.output(plan.isEmpty ? "Nothing to do." : "\(plan.count) to apply.")
            }
        }
    }
}
