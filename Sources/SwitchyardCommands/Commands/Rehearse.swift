import ArgumentParser
import LeadStore
import SwitchyardServer

extension Migrate {
    /// Migrates a copy of the database, and reports the duration and the locks of each step.
    struct Rehearse: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Migrate a copy of the database as `up --online` would, report, and drop the copy.",
            discussion: """
                The database itself is only read. The copy is made on the same server: by CREATE DATABASE … TEMPLATE \
                where no client is connected to it, else by pg_dump and pg_restore. It needs disk space for the copy, and the \
                right to create databases.
                """
        )

        @Flag(help: "Keep the copy for inspection.")
        var keep = false

        func run() async throws {
            let isWell = try await withDatabase(schema: .none) { session in
                terminal.error("Copying the database …")
                var copy = ""
                var isWell = false
                try await MigrationRehearsal(session, keepsCopy: keep)
                    .run { made in
                        copy = made.name
                        let size = Self.megabytes(made.size)
                        terminal.output("Copied \(size) in \(Self.seconds(made.time)), \(made.method).\n")
                    } onReport: { report in
                        print(report)
                        isWell = report.brokenChecks.isEmpty
                    }
                terminal.output(
                    keep ? "The copy is \(copy); DROP DATABASE \(copy); removes it." : "The copy is dropped."
                )
                return isWell
            }
            if !isWell { throw ExitCode(1) }
        }

        private func print(_ report: MigrationRehearsal.Report) {
            var table = TextTable(["STEP", "TIME"])
            for step in report.steps { table.add([step.name, Self.seconds(step.time)]) }
            terminal.output(table.text)
            terminal.output("Applied \(report.appliedCount) migrations in \(Self.seconds(report.time)).\n")

            table = TextTable(["LOCK THAT BLOCKS OTHERS", "MODE", "HELD AT MOST"])
            for (lock, time) in report.locks.longest { table.add([lock.relation, lock.mode, Self.seconds(time)]) }
            terminal.output(table.text)
            terminal.output(
                "Looked at \(report.locks.count) times; locks held for less than one interval are not included.\n"
            )

            table = TextTable(["TABLE", "INSERTED", "UPDATED", "DELETED"])
            for change in report.changes {
                table.add([change.name, "\(change.inserted)", "\(change.updated)", "\(change.deleted)"])
            }
            terminal.output(table.text)
            terminal.output("The copy has \(Self.megabytes(report.size)) now.")
            let broken = report.brokenChecks
            for check in broken { terminal.output("✗ \(check.name)  \(check.detail)") }
            terminal.output(
                broken.isEmpty ? "Every check of `migrate verify` passed." : "\(broken.count) checks failed."
            )
        }

        private static func megabytes(_ bytes: Int64) -> String { "\((bytes + 524_288) / 1_048_576) MB" }

        private static func seconds(_ time: Duration) -> String {
            let hundredths = time.components.seconds * 100 + time.components.attoseconds / 10_000_000_000_000_000
            let fraction = hundredths % 100
            return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
        }
    }
}
