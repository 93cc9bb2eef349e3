import ArgumentParser
import LeadStore
import Postgres
import SwitchyardServer

extension ExistingLeads: ExpressibleByArgument {}

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
            // A command that was not parsed has no values.
            guard online else {
                var output = OutputOptions()
                output.json = false
                var status = Status()
                status.output = output
                return try await status.run()
            }
            var up = Up()
            up.online = true
            up.secure = false
            up.withoutTriggers = false
            up.existing = nil
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

        @Flag(
            help: """
                Switch row-level security on for your tables that have none, and take the rights that anon and \
                authenticated have there. Members then read what is theirs, and write through your server.
                """
        )
        var secure = false

        @Flag(
            help: """
                With --online: fill the leads that are there without firing your triggers on them. Needs the right to \
                set session_replication_role.
                """
        )
        var withoutTriggers = false

        @Option(help: "What happens to leads without a workspace that were there before: keep, route or expire.")
        var existing: ExistingLeads?

        func validate() throws {
            if withoutTriggers, !online { throw ValidationError("--without-triggers needs --online.") }
        }

        func run() async throws {
            try await withDatabase(schema: .none) { session in
                let terminal = session.terminal
                if online, await session.pool.isThroughPooler() {
                    throw CommandError(
                        "DATABASE_URL goes through a pooler in transaction mode, where no session can hold a lock.",
                        remedy: "Set DATABASE_URL to the direct address of the database."
                    )
                }
                let applied = try await session.migrating(existing: existing) { migrator in
                    online
                        ? try await migrator.upOnline(withoutTriggers: withoutTriggers) { terminal.error($0) }
                        : try await migrator.up { terminal.error($0) }
                }
                terminal.output(applied.isEmpty ? "The schema is up to date." : "Applied \(applied.count) migrations.")
                if secure {
                    for table in try await session.secure({ terminal.error($0) }) {
                        terminal.output("public.\(table.name) has row-level security now; before, \(table.rights).")
                    }
                } else {
                    for table in try await session.openTables() {
                        terminal.error(
                            "WARNING: public.\(table.name) has no row-level security, and \(table.rights). "
                                + "`switchyard migrate up --secure` changes that."
                        )
                    }
                }
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

        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await withDatabase(schema: .none, onlyReads: true) { session in
                var table = TextTable(["VERSION", "NAME", "STATE"])
                for state in try await session.migrator.status() {
                    table.add([state.migration.version, state.migration.name, state.summary])
                }
                output.print(table, to: terminal)
            }
        }
    }

    /// Runs every check of the schema.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check columns, functions, policies, indexes, triggers and backfill.",
            discussion: "Exits with 0 when every check passes, with 1 otherwise."
        )

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let allWell = try await withDatabase(schema: .none, onlyReads: true) { session in
                let checks = try await session.verifySchema()
                var table = TextTable(["", "CHECK", "DETAIL"])
                let broken = checks.filter { !$0.isOK }
                if output.json {
                    table = TextTable(["", "CHECK", "DETAIL", "REMEDY"])
                    for check in checks {
                        table.add([check.isOK ? "✓" : "✗", check.name, check.detail, check.remedy ?? ""])
                    }
                    output.print(table, to: terminal)
                    return broken.isEmpty
                }
                for check in checks { table.add([check.isOK ? "✓" : "✗", check.name, check.detail]) }
                terminal.output(table.text)
                guard !broken.isEmpty else {
                    terminal.output("All \(checks.count) checks passed.")
                    return true
                }
                terminal.output("\(broken.count) of \(checks.count) checks failed.")
                if broken.contains(where: \.isRestorable) {
                    terminal.output("`switchyard migrate up` restores what is missing or changed.")
                }
                for check in broken {
                    if let remedy = check.remedy { terminal.output("\(check.name): \(remedy)") }
                }
                return false
            }
            if !allWell { throw ExitCode(1) }
        }
    }

    /// Prints what `up` would do.
    struct Plan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print what `up` would do, and do nothing.")

        func run() async throws {
            try await withDatabase(schema: .none, onlyReads: true) { session in
                let plan = try await session.migrator.plan()
                for step in plan { terminal.output("\(step.version)  \(step.name)") }
                terminal.output(plan.isEmpty ? "Nothing to do." : "\(plan.count) to apply.")
                if let forecast = try await session.backfillForecast() { announce(forecast) }
                for table in try await session.openTables() {
                    terminal.output(
                        "public.\(table.name) has no row-level security, and \(table.rights); --secure changes that."
                    )
                }
            }
        }

        /// What happens to the leads that are there, and what their triggers would do.
        private func announce(_ forecast: BackfillForecast) {
            if !forecast.triggers.isEmpty {
                terminal.output("Your triggers fire for each of about \(forecast.leads) leads that are filled:")
                for trigger in forecast.triggers {
                    terminal.output("  \(trigger.name), which runs \(trigger.function)")
                }
                terminal.output("`switchyard migrate up --online --without-triggers` fills them without firing these.")
            }
            if forecast.withoutWorkspace > 0 {
                terminal.output(
                    "\(forecast.withoutWorkspace) leads have no workspace. They are kept as they are, unless you choose:"
                )
                terminal.output(
                    "  --existing route   routes them like new leads; --existing expire   expires them at once."
                )
            }
        }
    }
}
