import FoundationEssentials
import LeadRouting
import RoutingRules

/// Leads of a CSV file, read as `switchyard import` reads it and kept in memory.
struct LeadFile {
    let path: String
    let workspaces: [Workspace]
    /// The source of rows that name none.
    let owner: UUID?

    /// The leads in the order of the file.
    ///
    /// - Throws: `CommandFault` naming the line that is no lead.
    func leads() async throws -> [SimulatedLead] {
        var reader = CSVReader()
        var columns: LeadColumns?
        var leads: [SimulatedLead] = []
        let ids = Dictionary(workspaces.map { ($0.name.lowercased(), $0.id) }) { first, _ in first }
        func take(_ rows: [CSVRow]) throws {
            for row in rows {
                guard let known = columns else {
                    columns = try LeadColumns(header: row.fields)
                    continue
                }
                if row.fields.allSatisfy(\.isEmpty) { continue }
                guard row.fields.count == known.count else {
                    throw CSVError(
                        line: row.line,
                        "Has \(row.fields.count) values where the header has \(known.count)."
                    )
                }
                let (lead, name) = known.lead(row.fields)
                let source = name.flatMap { UUID(uuidString: $0) ?? ids[$0.lowercased()] } ?? owner
                leads.append(SimulatedLead(id: nil, lead: lead, source: source, time: nil))
            }
        }
        do {
            for try await piece in try FileChunks(path: path) { try take(reader.read(piece)) }
            try take(reader.finish())
        } catch let error as CSVError {
            throw CommandFault("\(path) cannot be read: \(error)", remedy: "Save it as CSV in UTF-8 with a header row.")
        } catch let error as LeadColumns.Problem {
            throw CommandFault("\(path) cannot be read: \(error)", remedy: "Mend the first row of the file.")
        }
        return leads
    }
}
