import FoundationEssentials
import JSON
package import Postgres
package import RoutingRules

/// A stored rule.
package struct RuleRecord: Sendable, Hashable {
    /// The rule; inactive if its conditions cannot be read.
    package let rule: RoutingRule
    /// Whether its conditions could be read.
    package let isReadable: Bool
    /// When it last changed.
    package let updatedAt: Timestamp?

    /// The version that a ``Precondition`` names.
    package var version: Timestamp {
        updatedAt ?? Timestamp(microsecondsSinceUnixEpoch: rule.createdAt)
    }

    /// The columns that ``init(_:)`` reads, of `lead_routing_rules r`.
    static let columns = """
        r.id, r.workspace_id, r.rule_name::text, r.priority::int, r.is_active, r.conditions::text,
        r.destination_workspace_id, r.created_at::timestamptz, r.updated_at::timestamptz, r.distribution::text
        """

    init(_ row: Row) throws {
        let text = try row.stringIfPresent(5) ?? "{}"
        let conditions = RuleConditions(json: text)
        let destination = try row.uuidIfPresent(6)
        let stored = try row.stringIfPresent(9)
        let distribution = stored.map { Distribution(JSONValue(json: $0) ?? .null) }
        isReadable =
            conditions.problems.isEmpty && destination != nil && distribution?.problems.isEmpty != false
        let id = try row.uuid(0)
        rule = RoutingRule(
            id: id,
            workspaceID: try row.uuidIfPresent(1),
            name: try row.stringIfPresent(2) ?? "",
            priority: try row.int32IfPresent(3) ?? 0,
            destinationWorkspaceID: destination ?? id,
            isActive: try row.boolIfPresent(4) ?? true && isReadable,
            conditions: conditions,
            createdAt: try row.timestamp(7).microsecondsSinceUnixEpoch,
            distribution: distribution
        )
        updatedAt = try row.timestampIfPresent(8)
    }
}
