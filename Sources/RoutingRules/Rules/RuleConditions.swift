/// What a lead must have for a rule to match: six lists.
///
/// Any value within a list will do, and all lists that are not empty must be met. A lead that lacks an attribute does
/// not meet a list that asks for it. No list at all means every lead.
///
/// Stored conditions are read with tolerance: a list may be missing, null, or a single string. Anything that cannot be
/// understood is kept as a ``ConditionProblem``, and ``CompiledRuleSet`` leaves a rule with such problems out: a
/// condition that nobody understands must not turn into no condition.
package struct RuleConditions: Sendable, Hashable {
    /// Industries, as partners write them.
    package var industries: [String]
    /// Bands of company size, such as `11-50`.
    package var companySizes: [String]
    /// Bands of revenue, such as `$1M-$10M`.
    package var revenueRanges: [String]
    /// Countries, as ISO code or English name.
    package var countries: [String]
    /// States of the United States, as code or name.
    package var usStates: [String]
    /// Census regions and divisions of the United States, or the states of other countries as leads give them.
    package var regions: [String]
    /// What of the stored conditions could not be understood; empty for conditions that were built in memory.
    package private(set) var problems: [ConditionProblem] = []

    /// Conditions of six lists.
    package init(
        industries: [String] = [],
        companySizes: [String] = [],
        revenueRanges: [String] = [],
        countries: [String] = [],
        usStates: [String] = [],
        regions: [String] = []
    ) {
        self.industries = industries
        self.companySizes = companySizes
        self.revenueRanges = revenueRanges
        self.countries = countries
        self.usStates = usStates
        self.regions = regions
    }

    /// Whether every lead meets them; false for conditions with problems, whatever their lists say.
    package var isCatchAll: Bool {
        problems.isEmpty && Attribute.allCases.allSatisfy { values(for: $0).isEmpty }
    }

    /// The list that asks about an attribute.
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

    /// What can be read but can never be met: states that the United States do not have.
    ///
    /// For whoever saves a rule; matching only finds no lead for them.
    package var warnings: [ConditionProblem] {
        usStates.filter { USState($0) == nil }
            .map { value in
                ConditionProblem(
                    path: "/us_states",
                    message:
                        "“\(value)” is no state of the United States; use its code or name, or the regions list."
                )
            }
    }
}

/// A part of stored conditions that cannot be understood.
package struct ConditionProblem: Sendable, Hashable {
    /// Where, as a JSON pointer into the conditions; empty for all of them.
    package let path: String
    /// What is wrong, and what would be right.
    package let message: String

    /// A problem at a place.
    package init(path: String, message: String) {
        self.path = path
        self.message = message
    }
}

extension RuleConditions: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads stored conditions; never fails for what is valid JSON, and says what it did not understand.
    package init(from decoder: any Decoder) throws {
        self.init()
        guard let container = try? decoder.container(keyedBy: Key.self) else {
            problems = [ConditionProblem(path: "", message: "Conditions are a JSON object of lists.")]
            return
        }
        for key in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
            guard let attribute = Attribute(rawValue: key.stringValue) else {
                let known = Attribute.allCases.map(\.rawValue).joined(separator: ", ")
                problems.append(
                    ConditionProblem(
                        path: "/" + key.stringValue,
                        message: "There is no such list; there are \(known)."
                    )
                )
                continue
            }
            let values = readList(of: attribute, from: container, key: key)
            switch attribute {
            case .industry: industries = values
            case .companySize: companySizes = values
            case .revenue: revenueRanges = values
            case .country: countries = values
            case .usState: usStates = values
            case .region: regions = values
            }
        }
    }

    private mutating func readList(
        of attribute: Attribute,
        from container: KeyedDecodingContainer<Key>,
        key: Key
    ) -> [String] {
        let path = "/" + attribute.rawValue
        if (try? container.decodeNil(forKey: key)) == true { return [] }
        if let single = try? container.decode(String.self, forKey: key) {
            return checked([single], path: path)
        }
        guard let list = try? container.decode([LenientText].self, forKey: key) else {
            problems.append(ConditionProblem(path: path, message: "This is a list of texts."))
            return []
        }
        for (index, element) in list.enumerated() where element.text == nil {
            problems.append(ConditionProblem(path: "\(path)/\(index)", message: "This is a text."))
        }
        return checked(list.compactMap(\.text), path: path)
    }

    private mutating func checked(_ values: [String], path: String) -> [String] {
        if values.contains(where: { FoldedText.bytes(of: $0).isEmpty }) {
            problems.append(
                ConditionProblem(path: path, message: "A value is blank; name one, or leave it out.")
            )
        }
        return values
    }

    private struct LenientText: Decodable {
        let text: String?
        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }

    /// Writes the lists that are not empty.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for attribute in Attribute.allCases where !values(for: attribute).isEmpty {
            try container.encode(values(for: attribute), forKey: Key(stringValue: attribute.rawValue))
        }
    }
}
