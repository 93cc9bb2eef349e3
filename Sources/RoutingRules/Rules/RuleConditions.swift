package import JSON

/// The conditions of a rule: six lists and a tree of comparisons.
///
/// A lead must match one value of every list that is not empty, and the tree. A lead that lacks an attribute does not
/// meet a list or a comparison of it. Empty conditions match every lead.
///
/// Stored conditions are read tolerantly: a list may be missing, null, or a single string. Anything unreadable is kept
/// as a ``FieldProblem``, and ``CompiledRuleSet`` skips a rule with such problems: an unreadable condition must not
/// act like a missing one.
package struct RuleConditions: Sendable, Hashable {
    /// Industries, as partners send them.
    package var industries: [String]
    /// Bands of company size, such as `11-50`.
    package var companySizes: [String]
    /// Bands of revenue, such as `$1M-$10M`.
    package var revenueRanges: [String]
    /// Countries, as ISO code or English name.
    package var countries: [String]
    /// States of the United States, as code or name.
    package var usStates: [String]
    /// Census regions and divisions of the United States, or the states of other countries as leads state them.
    package var regions: [String]
    /// The tree of the key `where`; nil if there is none.
    package var tree: ConditionNode?
    /// Problems of the stored conditions; empty for conditions that were built in memory.
    package private(set) var problems: [FieldProblem] = []

    /// Conditions of six lists.
    package init(
        industries: [String] = [],
        companySizes: [String] = [],
        revenueRanges: [String] = [],
        countries: [String] = [],
        usStates: [String] = [],
        regions: [String] = [],
        where tree: ConditionNode? = nil
    ) {
        self.industries = industries
        self.companySizes = companySizes
        self.revenueRanges = revenueRanges
        self.countries = countries
        self.usStates = usStates
        self.regions = regions
        self.tree = tree
    }

    /// Whether every lead meets them; false for conditions with problems, whatever their lists say.
    package var isCatchAll: Bool {
        problems.isEmpty && tree == nil && Attribute.allCases.allSatisfy { values(for: $0).isEmpty }
    }

    /// The list of an attribute.
    func values(for attribute: Attribute) -> [String] {
        switch attribute {
        case .industry: industries
        case .companySize: companySizes
        case .revenue: revenueRanges
        case .country: countries
        case .usState: usStates
        case .region: regions
        }
    }

    /// Sets the list of an attribute.
    mutating func set(_ attribute: Attribute, _ values: [String]) {
        switch attribute {
        case .industry: industries = values
        case .companySize: companySizes = values
        case .revenue: revenueRanges = values
        case .country: countries = values
        case .usState: usStates = values
        case .region: regions = values
        }
    }

    /// Values that are valid but can never be met: unknown states of the United States.
    ///
    /// For the author of a rule; matching ignores them.
    package var warnings: [FieldProblem] {
        usStates.filter { USState($0) == nil }
            .map { value in
                FieldProblem(
                    field: "/us_states",
                    message:
                        "“\(value)” is not a state of the United States; use its code or name, or the regions list."
                )
            }
    }
}

// MARK: - Reading and writing

extension RuleConditions {
    /// The key of the tree.
    package static let treeKey = "where"

    /// Reads stored conditions from JSON; never fails, and records problems.
    ///
    /// Some microseconds for usual conditions.
    package init(json text: String) {
        guard let json = JSONValue(json: text) else {
            self.init()
            problems = [FieldProblem(field: "", message: "Conditions must be JSON, not nested too deeply.")]
            return
        }
        self.init(json)
    }

    /// Reads stored conditions; never fails, and records problems.
    package init(_ json: JSONValue) {
        self.init()
        guard case .object(let members) = json else {
            problems = [FieldProblem(field: "", message: "Conditions must be a JSON object of lists.")]
            return
        }
        for member in members.sorted(by: { $0.key < $1.key }) {
            if member.key == Self.treeKey {
                read(tree: member.value)
                continue
            }
            guard let attribute = Attribute(rawValue: member.key) else {
                let known = Attribute.allCases.map(\.rawValue).joined(separator: ", ")
                problems.append(
                    FieldProblem(
                        field: "/" + JSONPointer.part(member.key),
                        message: "This list does not exist.",
                        remedy: "Valid keys: \(known), and where."
                    )
                )
                continue
            }
            set(attribute, list(member.value, path: "/" + attribute.rawValue))
        }
    }

    /// Reads the value of `where`; null means none.
    package mutating func read(tree json: JSONValue) {
        if case .null = json {
            tree = nil
            return
        }
        var reader = ConditionReader()
        tree = reader.tree(json, path: "/" + Self.treeKey)
        problems += reader.problems
    }

    private mutating func list(_ json: JSONValue, path: String) -> [String] {
        var values: [String] = []
        switch json {
        case .null: return []
        case .string(let single): values = [single]
        case .array(let elements):
            values.reserveCapacity(elements.count)
            for (index, element) in elements.enumerated() {
                if case .string(let text) = element {
                    values.append(text)
                } else {
                    problems.append(FieldProblem(field: "\(path)/\(index)", message: "This must be a string."))
                }
            }
        default:
            problems.append(FieldProblem(field: path, message: "This must be a list of strings."))
        }
        if values.contains(where: { FoldedText.withBytes(of: $0, \.isEmpty) }) {
            problems.append(
                FieldProblem(field: path, message: "A value is blank; add a value, or omit it.")
            )
        }
        return values
    }

    /// The conditions as JSON, without empty lists, in a fixed order.
    package var json: JSONValue {
        var members: [JSONValue.Member] = []
        for attribute in Attribute.allCases where !values(for: attribute).isEmpty {
            members.append(.init(attribute.rawValue, .array(values(for: attribute).map(JSONValue.string))))
        }
        if let tree { members.append(.init(Self.treeKey, tree.json)) }
        return .object(members)
    }
}
