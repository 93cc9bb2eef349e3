package import FoundationEssentials
package import JSON

/// An example kept with a rule set: a lead and its expected result.
package struct GoldenLead: Sendable, Hashable {
    /// The result for a lead, as far as rules decide it.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// A rule matches.
        case routed
        /// No rule matches; it stays in its source workspace.
        case unmatched
        /// No rule matches; it goes to the fallback workspace.
        case fallback
        /// No rule matches; it waits.
        case retry
    }

    /// The expected result; has at least one of the three parts.
    package struct Expectation: Sendable, Hashable {
        /// The expected outcome.
        package var outcome: Outcome?
        /// The expected destination; of a pool, any member.
        package var destination: UUID?
        /// The name of the rule that must match.
        package var rule: String?

        /// An expectation.
        package init(outcome: Outcome? = nil, destination: UUID? = nil, rule: String? = nil) {
            self.outcome = outcome
            self.destination = destination
            self.rule = rule
        }
    }

    /// Its id; nil for a new one, or for one that is identified by its name.
    package var id: UUID?
    /// Its name.
    package var name: String
    /// The source workspace; nil for the owner of the rules.
    package var source: UUID?
    /// The lead.
    package var lead: Lead
    /// The expected result.
    package var expect: Expectation

    /// An example.
    package init(id: UUID? = nil, name: String, source: UUID? = nil, lead: Lead, expect: Expectation) {
        self.id = id
        self.name = name
        self.source = source
        self.lead = lead
        self.expect = expect
    }
}

extension GoldenLead {
    /// Reads a stored example.
    package init(_ tree: JSONValue) throws {
        var problems: [FieldProblem] = []
        guard let lead = GoldenLead(tree, path: "", problems: &problems) else { throw InvalidDocument(problems) }
        self = lead
    }

    init?(_ tree: JSONValue, path: String, problems: inout [FieldProblem]) {
        var reader = ObjectReader(tree, at: path, names: ["id", "name", "source", "lead", "expect"])
        for name in ["name", "lead", "expect"] { reader.require(name) }
        let id = reader.uuid("id")
        let name = reader.text("name")
        let source = reader.uuid("source")
        var lead: Lead?
        if let value = reader.value("lead") {
            lead = Lead(value, path: path + "/lead", problems: &problems)
        }
        var expect: Expectation?
        if let value = reader.value("expect") {
            expect = Expectation(value, path: path + "/expect", problems: &problems)
        }
        problems += reader.problems
        guard reader.problems.isEmpty, let name, let lead, let expect else { return nil }
        self.init(id: id, name: name, source: source, lead: lead, expect: expect)
    }

    /// The example in its stored form.
    package var tree: JSONValue {
        var members: [JSONValue.Member] = []
        if let id { members.append(.init("id", .string(id.text))) }
        members.append(.init("name", .string(name)))
        if let source { members.append(.init("source", .string(source.text))) }
        members.append(.init("lead", lead.documentTree))
        members.append(.init("expect", expect.tree))
        return .object(members)
    }
}

extension GoldenLead.Expectation {
    init?(_ tree: JSONValue, path: String, problems: inout [FieldProblem]) {
        var reader = ObjectReader(tree, at: path, names: ["outcome", "destination", "rule"])
        var outcome: GoldenLead.Outcome?
        if let text = reader.text("outcome") {
            outcome = GoldenLead.Outcome(rawValue: text)
            if outcome == nil { reader.note("outcome", "This must be routed, unmatched, fallback or retry.") }
        }
        let destination = reader.uuid("destination")
        let rule = reader.text("rule")
        if reader.problems.isEmpty, outcome == nil, destination == nil, rule == nil {
            reader.note("destination", "Set at least one of destination, outcome and rule.")
        }
        problems += reader.problems
        guard reader.problems.isEmpty else { return nil }
        self.init(outcome: outcome, destination: destination, rule: rule)
    }

    var tree: JSONValue {
        var members: [JSONValue.Member] = []
        if let outcome { members.append(.init("outcome", .string(outcome.rawValue))) }
        if let destination { members.append(.init("destination", .string(destination.text))) }
        if let rule { members.append(.init("rule", .string(rule))) }
        return .object(members)
    }
}

extension Lead {
    private static var texts: [(name: String, field: WritableKeyPath<Lead, String?>)] {
        [
            ("email", \.email), ("phone", \.phone), ("firstName", \.firstName), ("lastName", \.lastName),
            ("companyName", \.companyName), ("industry", \.industry), ("companySize", \.companySize),
            ("revenue", \.revenue), ("source", \.source), ("sourceId", \.sourceID),
        ]
    }

    init?(_ tree: JSONValue, path: String, problems: inout [FieldProblem]) {
        self.init()
        var reader = ObjectReader(tree, at: path, names: Self.texts.map(\.name) + ["location", "metadata"])
        for (name, field) in Self.texts { self[keyPath: field] = reader.text(name, limit: 1000) }
        if let value = reader.value("location") {
            location = LeadLocation(value, path: path + "/location", problems: &problems)
        }
        switch reader.value("metadata") {
        case nil: break
        case .object(let members)?: metadata = JSONValue.object(members).json
        case let value?: reader.note("metadata", "This must be an object, not \(value.kind.rawValue).")
        }
        problems += reader.problems
        guard reader.problems.isEmpty else { return nil }
    }

    /// The lead in the API's form.
    var documentTree: JSONValue {
        var members: [JSONValue.Member] = []
        for (name, field) in Self.texts {
            if let text = self[keyPath: field] { members.append(.init(name, .string(text))) }
        }
        if let location { members.append(.init("location", location.tree)) }
        if let metadata, let tree = JSONValue(json: metadata) { members.append(.init("metadata", tree.canonical)) }
        return .object(members)
    }
}

extension LeadLocation {
    /// Reads the parts of a location; unknown members are ignored.
    init?(_ tree: JSONValue, path: String, problems: inout [FieldProblem]) {
        guard case .object = tree else {
            problems.append(FieldProblem(field: path, message: "This must be an object, not \(tree.kind.rawValue)."))
            return nil
        }
        func part<Part>(_ name: String, _ read: (JSONValue) -> Part?, _ expected: String) -> Part? {
            guard let value = tree[name], value != .null else { return nil }
            if let part = read(value) { return part }
            problems.append(
                FieldProblem(field: "\(path)/\(name)", message: "This must be \(expected), not \(value.kind.rawValue).")
            )
            return nil
        }
        self.init(
            country: part("country", \.string, "a string"),
            state: part("state", \.string, "a string"),
            city: part("city", \.string, "a string"),
            latitude: part("latitude", \.double, "a number"),
            longitude: part("longitude", \.double, "a number")
        )
    }

    /// The parts with a value, in the order of their names.
    var tree: JSONValue {
        .object(leavingOutNil: [
            "city": city.map(JSONValue.string), "country": country.map(JSONValue.string),
            "latitude": latitude.map { JSONValue($0) }, "longitude": longitude.map { JSONValue($0) },
            "state": state.map(JSONValue.string),
        ])
    }
}
