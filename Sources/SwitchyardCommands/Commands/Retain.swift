import ArgumentParser
import LeadRouting
import LeadStore
import SwitchyardServer

/// Shows and changes how long the routing log is kept.
struct Retain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Show or change how long the routing log is kept.",
        discussion: """
            By default without limit. cleanupStaleRoutingLocks drops whole months past the limit, every ten minutes, \
            once they are counted in the statistics, which are kept.
            """
    )

    @Option(help: "Whole months to keep beside the current one, or `all`.")
    var logMonths: String?

    func run() async throws {
        var months: Int32?
        if let logMonths, logMonths != "all" {
            guard let number = Int32(logMonths), 1...1200 ~= number else {
                throw CommandError("“\(logMonths)” is not a number of months.", remedy: "Use 1 or more, or `all`.")
            }
            months = number
        }
        try await withUseCases { useCases, _ in
            let now =
                logMonths == nil
                ? try await useCases.operations.retention(as: .commandLine)
                : try await useCases.operations.keepLog(months: months, as: .commandLine)
            terminal.output(
                "Routing log: \(now.logMonths.map { "\($0) months beside the current one" } ?? "kept without limit")"
                    + (now.oldestLogMonth.map { "; the oldest month is \($0)" } ?? "") + "."
            )
        }
    }
}
