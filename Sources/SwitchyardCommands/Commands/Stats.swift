import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Shows statistics, and recounts them.
struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show counts of routed leads by day or another key, or recount them.",
        subcommands: [Show.self, Rebuild.self],
        defaultSubcommand: Show.self
    )
}

extension Stats {
    /// A range of days.
    struct Days: ParsableArguments {
        @Option(help: "The first day, in UTC, as 2026-01-31.")
        var from: String?

        @Option(help: "The last day.")
        var to: String?

        func validate() throws {
            for day in [from, to].compactMap(\.self) where !day.isDay {
                throw ValidationError("“\(day)” is not a day; write it as 2026-01-31.")
            }
        }
    }

    /// Prints a table.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the statistics.")

        @OptionGroup var days: Days

        @Option(help: "day, workspace, rule, industry, place or partner.")
        var by: StatisticsQuery.Grouping = .day

        @Option(help: "Only this workspace, by id or name.")
        var workspace: String?

        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await withUseCases(onlyReads: true) { useCases, _ in
                var only: WorkspaceRecord?
                if let workspace { only = try await useCases.workspaces.find(named: workspace, as: .commandLine) }
                let query = StatisticsQuery(
                    from: days.from ?? "-infinity",
                    to: days.to ?? "infinity",
                    grouping: by,
                    workspaceID: only?.workspace.id
                )
                var names: [String: String] = [:]
                if by == .workspace {
                    for (id, name) in try await useCases.workspaces.names(as: .commandLine) { names[id.text] = name }
                }
                let report = try await useCases.operations.statistics(query, upToSecondsOld: 0, as: .commandLine)
                var table = TextTable([
                    by.rawValue.uppercased(), output.json ? "DIRECTION" : "", "ROUTED", "UNMATCHED", "DUPLICATES",
                    "RETRIED", "FAILED", "EXPIRED",
                    "WAITED", "RETURNED", "AVERAGE",
                ])
                for row in report.groups.flatMap({ [$0.out, $0.in] }) where !row.isEmpty {
                    let average = row.routed > 0 ? "\(row.latencyMilliseconds / row.routed) ms" : ""
                    let others = [row.unmatched, row.duplicates, row.retried, row.failed, row.expired, row.waited]
                    table.add(
                        [names[row.key] ?? row.key, row.isIncoming ? "in" : "out", "\(row.routed)"]
                            + others.map { row.isIncoming ? "" : "\($0)" } + ["\(row.returned)", average]
                    )
                }
                output.print(table, to: terminal)
                if output.json { return }
                if let upTo = report.countedUpTo { terminal.output("Counted up to \(upTo).") }
            }
        }
    }

    /// Recounts statistics.
    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recount from the log.",
            discussion:
                "Each day is one transaction. Days whose log was dropped by retention do not change."
        )

        @OptionGroup var days: Days

        func run() async throws {
            try await withUseCases { useCases, _ in
                var total: Int64 = 0
                try await useCases.operations.rebuildStatistics(
                    from: days.from,
                    to: days.to,
                    as: .commandLine
                ) { day, rows in
                    total += rows
                    terminal.error("\(day): \(rows)")
                }
                terminal.output("Recounted \(total) log rows.")
            }
        }
    }
}

extension RoutingSums {
    /// Whether nothing was counted for the key in this direction.
    fileprivate var isEmpty: Bool { self == RoutingSums(key: key, isIncoming: isIncoming) }
}

extension StatisticsQuery.Grouping: ExpressibleByArgument {}

extension String {
    /// Whether it has the form of four, two and two digits with hyphens between.
    fileprivate var isDay: Bool {
        let bytes = Array(utf8)
        guard bytes.count == 10 else { return false }
        return bytes.enumerated()
            .allSatisfy { place, byte in
                place == 4 || place == 7 ? byte == UInt8(ascii: "-") : UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            }
    }
}
