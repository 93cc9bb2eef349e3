import FoundationEssentials

/// A plan that the server executed, from the log of `auto_explain`, with the rows that each node read.
struct SeenPlan: Sendable {
    /// The statement, also one inside a function.
    let query: String
    /// All nodes of the plan, from the top.
    let nodes: [Node]

    struct Node: Sendable, CustomStringConvertible {
        let type: String
        let relation: String?
        let index: String?
        /// Rows that it returned, over all loops.
        let rows: Double
        /// Rows that it read and discarded.
        let removed: Double

        var description: String {
            "\(type)\(index.map { " using \($0)" } ?? "")\(relation.map { " on \($0)" } ?? ""): "
                + "\(Int(rows)) rows, \(Int(removed)) removed"
        }
    }

    /// Parses all plans of a log, in which continuation lines begin with a tab.
    static func all(in log: String) throws -> [SeenPlan] {
        var plans: [SeenPlan] = []
        var text: [Substring]?
        let lines: [Substring] = log.split(separator: "\n", omittingEmptySubsequences: false) + [""]
        for line in lines {
            if line.first == "\t" {
                text?.append(line.dropFirst())
            } else {
                if let json = text {
                    let stored = try JSONDecoder()
                        .decode(StoredPlan.self, from: Data(json.joined(separator: "\n").utf8))
                    plans.append(SeenPlan(query: stored.query, nodes: stored.plan.flattened))
                }
                text = line.hasSuffix("plan:") ? [] : nil
            }
        }
        return plans
    }
}

private struct StoredPlan: Decodable {
    let query: String
    let plan: StoredNode

    enum CodingKeys: String, CodingKey {
        case query = "Query Text"
        case plan = "Plan"
    }
}

private struct StoredNode: Decodable {
    let type: String
    let relation: String?
    let index: String?
    let rows: Double?
    let loops: Double?
    let removedByFilter: Double?
    let removedByJoin: Double?
    let plans: [StoredNode]?

    enum CodingKeys: String, CodingKey {
        case type = "Node Type"
        case relation = "Relation Name"
        case index = "Index Name"
        case rows = "Actual Rows"
        case loops = "Actual Loops"
        case removedByFilter = "Rows Removed by Filter"
        case removedByJoin = "Rows Removed by Join Filter"
        case plans = "Plans"
    }

    var flattened: [SeenPlan.Node] {
        let loops = loops ?? 1
        let node = SeenPlan.Node(
            type: type,
            relation: relation,
            index: index,
            rows: (rows ?? 0) * loops,
            removed: ((removedByFilter ?? 0) + (removedByJoin ?? 0)) * loops
        )
        return [node] + (plans ?? []).flatMap(\.flattened)
    }
}
