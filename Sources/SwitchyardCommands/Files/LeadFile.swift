import FoundationEssentials
import LeadRouting
import RoutingRules
import SwitchyardServer
import Web

/// A file of leads: CSV, one JSON lead a line, or a list of them.
struct LeadFile {
    let path: String
    let sources: LeadSources

    /// The leads in the order of the file.
    ///
    /// - Throws: `CommandError` naming the invalid line.
    func leads() async throws -> [SimulatedLead] {
        var bytes: [UInt8] = []
        for try await piece in try FileChunks(path: path) { bytes += piece }
        do {
            let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
                return try LeadTable.leads(bytes, of: sources)
            }
            return try LeadJSON.leads(bytes)
                .map { SimulatedLead(id: nil, lead: $0.lead, source: $0.workspaceID ?? sources.source(nil), time: nil) }
        } catch let error as LeadColumns.Problem {
            throw CommandError("\(path) cannot be read: \(error)", remedy: "Fix the header row.")
        } catch {
            throw CommandError(
                "\(path) cannot be read: \(error)",
                remedy: "Save it as CSV in UTF-8 with a header row, or as JSON with a lead a line."
            )
        }
    }
}
