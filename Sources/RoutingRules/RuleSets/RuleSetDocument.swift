package import FoundationEssentials
package import JSON

/// The rules of one owner as a document: what a draft is, what the API shows, and what a YAML file says.
///
/// Workspaces are named by id here; ``WorkspaceNaming`` turns the names that people write into ids, and back.
package struct RuleSetDocument: Sendable, Hashable {
    /// A rule of the document.
    package struct Rule: Sendable, Hashable {
        /// The rule's id; nil for a new one, or for one that is to be found by its name.
        package var id: UUID?
        /// Its name.
        package var name: String
        /// Higher is tried first; of equal priorities the oldest, and of new ones the one that is written first.
        package var priority: Int32
        /// Whether it takes part.
        package var isActive: Bool
        /// What a lead must have.
        package var conditions: RuleConditions
        /// Where matching leads go; of a pool, its first member unless it is said.
        package var destination: UUID
        /// How its leads are handed out, where that is more than one workspace at any time.
        package var distribution: Distribution?
    }

    /// The version of the owner's rules that the document was made from, if it says so.
    package var version: Int64?
    /// The rules, in the order in which they are tried.
    package var rules: [Rule]
    /// Leads that have to go where they are expected to go.
    package var goldenLeads: [GoldenLead]

    /// A document of these parts.
    package init(version: Int64? = nil, rules: [Rule], goldenLeads: [GoldenLead]) {
        self.version = version
        self.rules = rules
        self.goldenLeads = goldenLeads
    }

    /// The document of rules that there are.
    package init(version: Int64?, rules: [RoutingRule], goldenLeads: [GoldenLead]) {
        self.init(version: version, rules: rules.sorted { $0.precedes($1) }.map(Rule.init), goldenLeads: goldenLeads)
    }
}

extension RuleSetDocument.Rule {
    /// The names of its fields, in the order in which they are written.
    static let names = ["id", "name", "priority", "isActive", "conditions", "destination", "distribution"]

    /// A rule that there is.
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

    init?(_ tree: JSONValue, path: String, problems: inout [DocumentProblem]) {
        var reader = DocumentReader(tree, path: path, names: Self.names)
        reader.require("name")
        let id = reader.uuid("id")
        let name = reader.string("name")
        let priority = reader.integer("priority", Int32.self) ?? 0
        let isActive = reader.bool("isActive") ?? true
        let conditions = reader.value("conditions").map { RuleConditions($0) } ?? RuleConditions()
        for problem in conditions.problems { reader.note("conditions", problem.message, at: problem.path) }
        let distribution = reader.value("distribution").map { Distribution($0) }
        for problem in distribution?.problems ?? [] { reader.note("distribution", problem.message, at: problem.path) }
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

    /// The rule as it is written.
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

    /// The rule that routing knows, under an id.
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

extension DocumentReader {
    /// Notes a problem below a field, at a place that is a JSON pointer already.
    mutating func note(_ name: String, _ message: String, at pointer: String) {
        add([DocumentProblem(path: "\(place)/\(name)\(pointer)", message)])
    }
}

extension RuleSetDocument {
    /// Reads a document strictly: whatever it does not know, and whatever is of the wrong kind, is a problem.
    ///
    /// - Parameter tree: the document, workspaces by id.
    /// - Throws: ``DocumentProblems`` with everything that is wrong.
    package init(_ tree: JSONValue) throws {
        var reader = DocumentReader(
            tree,
            path: "",
            names: ["version", "updatedAt", "updatedBy", "rules", "goldenLeads"]
        )
        version = reader.integer("version", Int64.self)
        rules = []
        goldenLeads = []
        var problems: [DocumentProblem] = []
        for (path, element) in reader.list("rules") {
            if let rule = Rule(element, path: path, problems: &problems) { rules.append(rule) }
        }
        for (path, element) in reader.list("goldenLeads") {
            if let lead = GoldenLead(element, path: path, problems: &problems) { goldenLeads.append(lead) }
        }
        problems = reader.problems + problems
        if problems.isEmpty { problems = ambiguities() }
        guard problems.isEmpty else { throw DocumentProblems(problems) }
    }

    /// Ids that are given twice, and names that several rules without an id have.
    private func ambiguities() -> [DocumentProblem] {
        var problems: [DocumentProblem] = []
        for (list, entries) in [
            ("rules", rules.map { ($0.id, $0.name) }), ("goldenLeads", goldenLeads.map { ($0.id, $0.name) }),
        ] {
            var ids: Set<UUID> = []
            var names: Set<String> = []
            for (index, entry) in entries.enumerated() {
                if let id = entry.0 {
                    if !ids.insert(id).inserted {
                        problems.append(
                            DocumentProblem(
                                path: "/\(list)/\(index)/id",
                                "Another entry of the list has this id.",
                                remedy: "Omit it from the new one."
                            )
                        )
                    }
                } else if !names.insert(entry.1).inserted {
                    problems.append(
                        DocumentProblem(
                            path: "/\(list)/\(index)/name",
                            "Another entry without an id has this name.",
                            remedy: "Give it another name."
                        )
                    )
                }
            }
        }
        return problems
    }

    /// The document as it is written.
    package var tree: JSONValue {
        var members: [JSONValue.Member] = []
        if let version { members.append(.init("version", JSONValue(version))) }
        members.append(.init("rules", .array(rules.map(\.tree))))
        members.append(.init("goldenLeads", .array(goldenLeads.map(\.tree))))
        return .object(members)
    }
}

/// Everything that is wrong with a document.
package struct DocumentProblems: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in the order of the document.
    package let problems: [DocumentProblem]

    /// These problems.
    package init(_ problems: [DocumentProblem]) { self.problems = problems }

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
