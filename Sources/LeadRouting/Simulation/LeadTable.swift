package import FoundationEssentials
package import RoutingRules

/// The sources of the leads of a file.
package struct LeadSources: Sendable {
    private let ids: [String: UUID]
    private let knowsIDs: Bool
    private let owner: UUID?

    /// The workspaces that a row may name, and the source of other rows.
    package init(_ workspaces: [Workspace], else owner: UUID?) {
        ids = Dictionary(workspaces.map { ($0.name.lowercased(), $0.id) }) { first, _ in first }
        knowsIDs = !workspaces.isEmpty
        self.owner = owner
    }

    /// The workspace of a name or id; without a name, or for an unknown one, the default source.
    package func source(_ name: String?) -> UUID? {
        name.flatMap { name in (knowsIDs ? UUID(uuidString: name) : nil) ?? ids[name.lowercased()] } ?? owner
    }
}

/// Leads of a CSV file, read as `switchyard import` reads it and kept in memory.
package struct LeadTable {
    private let sources: LeadSources
    private var reader = CSVReader()
    private var columns: LeadColumns?
    private var leads: [SimulatedLead] = []

    private init(of sources: LeadSources) { self.sources = sources }

    /// The leads in the order of the file.
    ///
    /// - Throws: `CSVError` or `LeadColumns.Problem`, which name the invalid line.
    package static func leads(_ bytes: [UInt8], of sources: LeadSources) throws -> [SimulatedLead] {
        var table = LeadTable(of: sources)
        var rest = bytes[...]
        while !rest.isEmpty {
            try Task.checkCancellation()
            try table.take(table.reader.read(rest.prefix(65_536)))
            rest = rest.dropFirst(65_536)
        }
        try table.take(table.reader.finish())
        return table.leads
    }

    private mutating func take(_ rows: [CSVRow]) throws {
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
            leads.append(SimulatedLead(id: nil, lead: lead, source: sources.source(name), time: nil))
        }
    }
}
