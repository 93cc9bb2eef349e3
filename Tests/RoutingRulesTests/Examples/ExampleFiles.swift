import FoundationEssentials
import JSON
import RoutingRules
import Testing

/// The files in `Examples`.
enum ExampleFiles {
    /// `workspaces.json`, in the API's spelling.
    struct RuleSet {
        struct Workspace {
            var id: UUID
            var name: String
            var type: String
            var isActive: Bool
            var unmatchedPolicy: String
            var fallbackWorkspaceId: UUID?
        }
        struct Agreement {
            var receivingWorkspaceId: UUID
            var sendingWorkspaceId: UUID
        }
        struct Rule {
            var id: UUID
            var workspaceId: UUID?
            var name: String
            var priority: Int32
            var isActive: Bool
            var destinationWorkspaceId: UUID
            var conditions: RuleConditions
        }
        var workspaces: [Workspace]
        var agreements: [Agreement]
        var rules: [Rule]

        /// The rules of a file.
        init(_ bytes: [UInt8]) throws {
            let file = try JSONReader.value(of: bytes)
            func id(_ entry: JSONValue, _ name: String) throws -> UUID {
                try #require(UUID(uuidString: entry[name]?.string ?? ""), "\(name)")
            }
            func list(_ name: String) throws -> [JSONValue] { try #require(file[name]?.array, "\(name)") }
            workspaces = try list("workspaces")
                .map { entry in
                    Workspace(
                        id: try id(entry, "id"),
                        name: try #require(entry["name"]?.string),
                        type: try #require(entry["type"]?.string),
                        isActive: entry["isActive"] == true,
                        unmatchedPolicy: try #require(entry["unmatchedPolicy"]?.string),
                        fallbackWorkspaceId: entry["fallbackWorkspaceId"]?.string.flatMap(UUID.init)
                    )
                }
            agreements = try list("agreements")
                .map { entry in
                    Agreement(
                        receivingWorkspaceId: try id(entry, "receivingWorkspaceId"),
                        sendingWorkspaceId: try id(entry, "sendingWorkspaceId")
                    )
                }
            rules = try list("rules")
                .map { entry in
                    Rule(
                        id: try id(entry, "id"),
                        workspaceId: entry["workspaceId"]?.string.flatMap(UUID.init),
                        name: try #require(entry["name"]?.string),
                        priority: Int32(try #require(entry["priority"]?.integer)),
                        isActive: entry["isActive"] == true,
                        destinationWorkspaceId: try id(entry, "destinationWorkspaceId"),
                        conditions: RuleConditions(try #require(entry["conditions"]))
                    )
                }
        }

        /// The rules as the database hands them out; created in the order of the file.
        var snapshot: RuleSetSnapshot {
            RuleSetSnapshot(
                version: 1,
                workspaces: workspaces.map { workspace in
                    let policy: UnmatchedPolicy
                    switch (workspace.unmatchedPolicy, workspace.fallbackWorkspaceId) {
                    case ("fallback", let id?): policy = .fallback(id)
                    case ("retry", _): policy = .retry
                    default: policy = .keep
                    }
                    return RoutingRules.Workspace(
                        id: workspace.id,
                        name: workspace.name,
                        type: workspace.type,
                        isActive: workspace.isActive,
                        unmatchedPolicy: policy
                    )
                },
                rules: rules.enumerated()
                    .map { place, rule in
                        RoutingRule(
                            id: rule.id,
                            workspaceID: rule.workspaceId,
                            name: rule.name,
                            priority: rule.priority,
                            destinationWorkspaceID: rule.destinationWorkspaceId,
                            isActive: rule.isActive,
                            conditions: rule.conditions,
                            createdAt: Int64(place)
                        )
                    },
                agreements: agreements.map { agreement in
                    RoutingAgreement(
                        receivingWorkspaceID: agreement.receivingWorkspaceId,
                        sendingWorkspaceID: agreement.sendingWorkspaceId
                    )
                }
            )
        }
    }

    /// `expected.json`: the result of routing `leads.csv` by `workspaces.json`.
    struct Outcome: Codable, Equatable {
        /// Rows without the header.
        var rows = 0
        /// Invalid rows: with too few or too many values, an unknown workspace, or an invalid lead.
        var rejected = 0
        /// Leads that were recognised as duplicates.
        var duplicates = 0
        /// Unmatched leads that stay in their source workspace, by workspace.
        var kept: [String: Int] = [:]
        /// Unmatched leads that went to a fallback workspace, by that workspace.
        var fallback: [String: Int] = [:]
        /// Leads that a rule matched, by destination.
        var matched: [String: Int] = [:]
        /// Leads that a rule matched, by rule.
        var rules: [String: Int] = [:]
    }

    static func read(_ name: String, _ path: String = #filePath) throws -> Data {
        let root = path.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        return try Data(contentsOf: URL(filePath: root + "/Examples/" + name))
    }

    /// The rows of a CSV file that is known to be well formed.
    static func rows(_ data: Data) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        let bytes = Array(data)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isQuoted {
                if byte != UInt8(ascii: "\"") {
                    field.append(byte)
                } else if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
                    field.append(byte)
                    index += 1
                } else {
                    isQuoted = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: ","), UInt8(ascii: "\n"):
                row.append(String(decoding: field, as: UTF8.self))
                field = []
                if byte == UInt8(ascii: "\n") {
                    rows.append(row)
                    row = []
                }
            default: field.append(byte)
            }
        }
        return rows
    }
}
