import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Imports a CSV file.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import and route the leads of a CSV file.",
        discussion: """
            The first row names the columns: email, phone, first_name, last_name, company_name, industry, company_size, \
            revenue, country, state, city, source, source_id, and workspace for the source workspace; others become metadata. \
            Comma, semicolon, tab and | are recognised as separators, UTF-8 and Windows-1252 as encodings.

            Rejected rows are written to FILE.rejected.csv with their line and the reason; fix them \
            there and import that file. Importing a file twice routes no lead twice. Exits with 0 when the file was read \
            to its end, whether or not rows were rejected.
            """
    )

    @Argument(help: "The file.")
    var file: String

    @Option(help: "The workspace of the leads, by id or name, for rows without one.")
    var workspace: String?

    func run() async throws {
        let input = try FileChunks(path: file)
        try await withUseCases { useCases, _ in
            let started = ContinuousClock.now
            let names = try await useCases.workspaces.names(as: .commandLine)
            var sender: UUID?
            if let workspace {
                sender = try await useCases.workspaces.find(named: workspace, as: .commandLine).workspace.id
            }
            let line = ProgressLine("Importing \(file)", on: terminal)
            let rejects = RejectFile(besides: file)
            let size = Double(max(1, input.size))
            let summary: ImportSummary
            do {
                summary = try await useCases.submissions.importCSV(input, from: sender, as: .commandLine) { header in
                    rejects.header = header
                } onReject: { row in
                    try rejects.add(row)
                } onProgress: { progress in
                    line.update(Double(progress.bytesRead) / size, "\(progress.settled) rows")
                }
            } catch let error as CSVImport.Unreadable {
                line.finish()
                let remedy =
                    switch error.fault {
                    case .header: "Fix the header row; nothing was imported."
                    case .sender: "Add --workspace and its name or id, or a column “workspace”; nothing was imported."
                    case .text: "Save it as CSV in UTF-8 with a header row; rows before that line were imported."
                    }
                throw CommandError("\(file) cannot be read: \(error)", remedy: remedy)
            }
            line.finish()
            try rejects.close()
            let seconds = started.duration(to: .now)
            report(summary, names: names, rejects: rejects, took: seconds)
        }
    }

    private func report(
        _ summary: ImportSummary,
        names: [UUID: String],
        rejects: RejectFile,
        took: Duration
    ) {
        var table = TextTable(["ROWS", "OUTCOME"])
        let routed = summary.routed.map { (count: $0.value, name: names[$0.key] ?? $0.key.text) }
            .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
        for entry in routed { table.add(["\(entry.count)", "routed to \(entry.name)"]) }
        table.add(["\(summary.unmatched)", "no rule matched, kept in their source workspace"])
        table.add(["\(summary.duplicates)", "duplicates of earlier leads"])
        if summary.waiting > 0 { table.add(["\(summary.waiting)", "waiting for another attempt"]) }
        table.add(["\(summary.rejected)", "rejected" + (summary.rejected > 0 ? ", see \(rejects.path)" : "")])
        terminal.output(table.text)
        terminal.output("\(summary.rows) rows in \(Self.seconds(took)) s.")
        if !summary.metadataColumns.isEmpty {
            terminal.output("Stored as metadata: \(summary.metadataColumns.joined(separator: ", ")).")
        }
        if let first = summary.windows1252Line {
            terminal.output("From line \(first) on, text that is not UTF-8 was decoded as Windows-1252.")
        }
    }

    /// Seconds with one decimal.
    private static func seconds(_ duration: Duration) -> String {
        let tenths = duration.components.seconds * 10 + duration.components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
