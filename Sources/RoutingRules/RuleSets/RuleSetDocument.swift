package import FoundationEssentials
package import JSON

/// The rules of one owner as a document: the content of a draft, of the API and of a YAML file.
///
/// Workspaces are given by id here; ``WorkspaceNaming`` converts names to ids, and back.
package struct RuleSetDocument: Sendable, Hashable {
    /// A rule of the document.
    package struct Rule: Sendable, Hashable {
        /// The rule's id; nil for a new rule, or for one that is identified by its name.
        package var id: UUID?
        /// Its name.
        package var name: String
        /// The priority: the highest first; among equal ones the oldest, and among new ones the order of the document.
        package var priority: Int32
        /// Whether it is active.
        package var isActive: Bool
        /// The conditions.
        package var conditions: RuleConditions
        /// The destination of matching leads; for a pool, its first member by default.
        package var destination: UUID
        /// The distribution of its leads; nil if they all go to the destination.
        package var distribution: Distribution?
    }

    /// The version of the owner's rules on which the document is based, if it states one.
    package var version: Int64?
    /// The rules, in evaluation order.
    package var rules: [Rule]
    /// Example leads with their expected results.
    package var goldenLeads: [GoldenLead]

    /// A document.
    package init(version: Int64? = nil, rules: [Rule], goldenLeads: [GoldenLead]) {
        self.version = version
        self.rules = rules
        self.goldenLeads = goldenLeads
    }

    /// The document of existing rules.
    package init(version: Int64?, rules: [RoutingRule], goldenLeads: [GoldenLead]) {
        self.init(version: version, rules: rules.sorted { $0.precedes($1) }.map(Rule.init), goldenLeads: goldenLeads)
    }
}

extension RuleSetDocument.Rule {
    /// The names of its fields, in writing order.
    static let names = ["id", "name", "priority", "isActive", "conditions", "destination", "distribution"]

    /// An entry for an existing rule.
    package init(_ rule: RoutingRule) {
        self.init(
            id: rule.id,
            name: rule.name,
            priority: rule.priority,
            isActive: rule.isActive,
            conditions: rule.conditions,
            destination: rule.destinationWorkspaceID,
            distribution: rule.distribution
        )
    }

    init?(_ tree: JSONValue, path: String, problems: inout [FieldProblem]) {
        var reader = ObjectReader(tree, at: path, names: Self.names)
        reader.require("name")
        let id = reader.uuid("id")
        let name = reader.text("name")
        let priority = reader.int32("priority") ?? 0
        let isActive = reader.bool("isActive") ?? true
        let conditions = reader.value("conditions").map { RuleConditions($0) } ?? RuleConditions()
        reader.add(conditions.problems.map { $0.under("\(path)/conditions") })
        let distribution = reader.value("distribution").map { Distribution($0) }
        reader.add((distribution?.problems ?? []).map { $0.under("\(path)/distribution") })
        let first = distribution?.pool?.members.first?.workspaceID
        if first == nil { reader.require("destination") }
        let destination = reader.uuid("destination") ?? first
        problems += reader.problems
        guard reader.problems.isEmpty, let name, let destination else { return nil }
        self.init(
            id: id,
            name: name,
            priority: priority,
            isActive: isActive,
            conditions: conditions,
            destination: destination,
            distribution: distribution
        )
    }

    /// The rule in written form.
    package var tree: JSONValue {
        var members: [JSONValue.Member] = []
        if let id { members.append(.init("id", .string(id.text))) }
        members.append(.init("name", .string(name)))
        members.append(.init("priority", JSONValue(priority)))
        members.append(.init("isActive", .bool(isActive)))
        members.append(.init("conditions", conditions.json.canonical))
        members.append(.init("destination", .string(destination.text)))
        if let distribution { members.append(.init("distribution", distribution.settings)) }
        return .object(members)
    }

    /// The rule for routing, with an id.
    func rule(id: UUID, owner: UUID?, createdAt: Int64) -> RoutingRule {
        RoutingRule(
            id: id,
            workspaceID: owner,
            name: name,
            priority: priority,
            destinationWorkspaceID: destination,
            isActive: isActive,
            conditions: conditions,
            createdAt: createdAt,
            distribution: distribution
        )
    }
}

extension RuleSetDocument {
    /// Reads a document strictly: an unknown name is a problem, and so is a value of another type.
    ///
    /// - Parameter tree: the document, workspaces by id.
    /// - Throws: ``InvalidDocument`` with all problems.
    package init(_ tree: JSONValue) throws {
        var reader = ObjectReader(
            tree,
            at: "",
            names: ["version", "updatedAt", "updatedBy", "rules", "goldenLeads"]
        )
        version = reader.integer("version", in: Int64.min...Int64.max)
        rules = []
        goldenLeads = []
        var problems: [FieldProblem] = []
        for (path, element) in reader.list("rules") {
            if let rule = Rule(element, path: path, problems: &problems) { rules.append(rule) }
        }
        for (path, element) in reader.list("goldenLeads") {
            if let lead = GoldenLead(element, path: path, problems: &problems) { goldenLeads.append(lead) }
        }
        problems = reader.problems + problems
        if problems.isEmpty { problems = ambiguities() }
        guard problems.isEmpty else { throw InvalidDocument(problems) }
    }

    /// Duplicate ids, and duplicate names of entries without an id.
    private func ambiguities() -> [FieldProblem] {
        var problems: [FieldProblem] = []
        for (list, entries) in [
            ("rules", rules.map { ($0.id, $0.name) }), ("goldenLeads", goldenLeads.map { ($0.id, $0.name) }),
        ] {
            var ids: Set<UUID> = []
            var names: Set<String> = []
            for (index, entry) in entries.enumerated() {
                if let id = entry.0 {
                    if !ids.insert(id).inserted {
                        problems.append(
                            FieldProblem(
                                field: "/\(list)/\(index)/id",
                                message: "Another entry of the list has this id.",
                                remedy: "Omit it from the new one."
                            )
                        )
                    }
                } else if !names.insert(entry.1).inserted {
                    problems.append(
                        FieldProblem(
                            field: "/\(list)/\(index)/name",
                            message: "Another entry without an id has this name.",
                            remedy: "Give it another name."
                        )
                    )
                }
            }
        }
        return problems
    }

    /// The document in written form.
    package var tree: JSONValue {
        var members: [JSONValue.Member] = []
        if let version { members.append(.init("version", JSONValue(version))) }
        members.append(.init("rules", .array(rules.map(\.tree))))
        members.append(.init("goldenLeads", .array(goldenLeads.map(\.tree))))
        return .object(members)
    }
}
