import ArgumentParser
import FoundationEssentials
import LeadRouting
import RoutingRules
import SwitchyardServer
import Web

/// Shows the use of caps.
struct RulesCapacity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capacity",
        abstract: "Show the use of the caps in rules, the closed destinations, and until when.",
        discussion: "It only reads: no lock is taken and no counter changes."
    )

    @Flag(help: "Only caps and destinations that are full or closed now.")
    var full = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await withUseCases(onlyReads: true) { useCases, _ in
            let capacity = try await useCases.rules.capacity(as: .commandLine)
            var table = TextTable(["CAP", "PER", "USED", "LIMIT", "UNTIL"])
            let lines = full ? capacity.full : capacity.lines
            for (line, end) in lines {
                table.add([
                    line.subject, line.period.rawValue, "\(line.used)", "\(line.limit)",
                    (line.isFull ? "full until " : "") + Self.text(end),
                ])
            }
            if output.json {
                output.print(table, to: terminal)
                return
            }
            if !lines.isEmpty { terminal.output(table.text) }
            for (name, opensAt) in capacity.closed {
                let opening = opensAt.map { "opens \($0.text) local time" } ?? "does not open within 400 days"
                terminal.output("“\(name)” is closed; it \(opening).")
            }
            if lines.isEmpty, capacity.closed.isEmpty {
                terminal.output(full ? "Nothing is full or closed." : "No rule uses a cap or opening hours.")
            }
        }
    }

    /// The end of a window, to the second.
    private static func text(_ end: Int64?) -> String {
        guard let end else { return "further notice" }
        return ReportJSON.time(end / 1_000_000 * 1_000_000)
    }
}
