import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import SwitchyardServer

/// Lists the scheduled functions, and runs one on request.
struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the scheduled functions, or run one now.",
        subcommands: [List.self, Run.self],
        defaultSubcommand: List.self
    )
}

extension Jobs {
    /// Shows each function with its schedule, its last run and its next run.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the scheduled functions.")

        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await withUseCases(onlyReads: true) { useCases, _ in
                var table = TextTable(["NAME", "WHEN", "LAST RUN", "RESULT", "NEXT RUN"])
                for state in try await useCases.schedule.list(as: .commandLine) {
                    table.add([
                        state.function.name,
                        Self.trigger(state.function),
                        state.lastRun.map { "\($0.startedAt)" } ?? "never",
                        state.lastRun.map(Self.result) ?? "",
                        state.nextRunAt.map { "\($0)" } ?? "",
                    ])
                }
                output.print(table, to: terminal)
            }
        }

        private static func trigger(_ function: ScheduledFunction) -> String {
            switch function.trigger {
            case .schedule(let schedule): schedule.cron
            case .event(let name): "on \(name)"
            }
        }

        private static func result(_ run: ScheduledRun) -> String {
            if let error = run.error { return "failed: \(error)" }
            guard run.finishedAt != nil else { return "running on \(run.node)" }
            return "\(run.affected ?? 0) affected"
        }
    }

    /// Runs one function now, in this process.
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Run one function now.")

        @Argument(help: "Its name, as `switchyard jobs` lists it.")
        var name: String

        func run() async throws {
            try await withUseCases { useCases, _ in
                let affected = try await useCases.schedule.run(name, as: .commandLine)
                terminal.output("\(name): \(affected) affected")
            }
        }
    }
}
