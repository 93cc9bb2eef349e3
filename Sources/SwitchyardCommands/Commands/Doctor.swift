import ArgumentParser
import FoundationEssentials
import LeadRouting
import Postgres
import SwitchyardServer

/// Checks everything that may be wrong, and prints remedies.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check server, schema and queue, and print remedies.",
        discussion: "Exits with 0 if every check passes, with 1 otherwise."
    )

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let isHealthy = try await withUseCases(schema: .none, onlyReads: true) { useCases, session in
            let now = Timestamp(microsecondsSinceUnixEpoch: Int64(Date().timeIntervalSince1970 * 1_000_000))
            let findings = try await useCases.operations.diagnose(
                at: now,
                isEmbedded: session.settings.databaseURL == nil,
                as: .commandLine
            )
            if output.json {
                var table = TextTable(["", "SUBJECT", "STATE", "REMEDY"])
                for finding in findings {
                    table.add([finding.isGood ? "✓" : "✗", finding.subject, finding.state, finding.remedy ?? ""])
                }
                output.print(table, to: terminal)
            } else {
                for finding in findings { terminal.output(Self.text(finding)) }
            }
            return findings.allSatisfy(\.isGood)
        }
        if !isHealthy { throw ExitCode(1) }
    }

    private static func text(_ finding: DiagnosisFinding) -> String {
        let head = "\(finding.isGood ? "✓" : "✗") \(finding.subject): \(finding.state)"
        guard let remedy = finding.remedy else { return head }
        return "\(head)\n    → \(remedy)"
    }
}
