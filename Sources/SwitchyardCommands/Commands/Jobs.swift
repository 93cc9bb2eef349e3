import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import SwitchyardServer

/// Lists the scheduled functions, and runs one by hand.
struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the scheduled functions, or run one now.",
        subcommands: [List.self, Run.self],
        defaultSubcommand: List.self
    )
}

extension Jobs {
    /// Shows each function with its schedule, its last run and its next.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the scheduled functions.")

        func run() async throws {
            try await withDatabase { session in
                let now = try await session.stores.schedule.databaseTime()
                let times = DueTimes(ScheduledFunction.all)
                var last: [String: ScheduledRun] = [:]
                for run in try await session.stores.schedule.lastRuns() { last[run.name] = run }
                var table = TextTable(["NAME", "WHEN", "LAST RUN", "RESULT", "NEXT RUN"])
                for function in ScheduledFunction.all {
                    let run = last[function.name]
                    table.add([
                        function.name,
                        Self.trigger(function),
                        run.map { "\($0.startedAt)" } ?? "never",
                        run.map(Self.result) ?? "",
                        times.next(of: function.name, after: now.microsecondsSinceUnixEpoch / 1_000_000)
                            .map { "\(Timestamp(microsecondsSinceUnixEpoch: $0 * 1_000_000))" } ?? "",
                    ])
                }
                terminal.output(table.text)
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
            guard ScheduledFunction.all.contains(where: { $0.name == name }) else {
                throw CommandError(
                    "There is no function “\(name)”.",
                    remedy: "There are: \(ScheduledFunction.all.map(\.name).joined(separator: ", "))."
                )
            }
            try await withDatabase { session in
                let routing = RoutingServices(session: session)
                let affected = try await routing.scheduler.runByHand(name)
                terminal.output("\(name): \(affected) affected")
            }
        }
    }
}
