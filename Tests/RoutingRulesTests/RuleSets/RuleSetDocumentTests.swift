import FoundationEssentials
import JSON
import RoutingRules
import Testing

/// Documents: strict reading, writing, matching, review and comparison.
@Suite struct RuleSetDocumentTests {
    private static func id(_ number: UInt8) -> UUID {
        UUID(uuid: (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number))
    }

    private static let owner = id(1)
    private static let beta = id(2)
    private static let gamma = id(3)

    private func tree(_ json: String) throws -> JSONValue { try #require(JSONValue(json: json)) }

    private func rule(
        _ name: String,
        id: UUID? = nil,
        priority: Int32 = 0,
        to destination: UUID = beta
    )
        -> RuleSetDocument.Rule
    {
        var rule = RuleSetDocument.Rule(
            RoutingRule(
                id: id ?? Self.owner,
                workspaceID: Self.owner,
                name: name,
                priority: priority,
                destinationWorkspaceID: destination,
                conditions: RuleConditions(usStates: ["CA"])
            )
        )
        rule.id = id
        return rule
    }

    private var golden: GoldenLead {
        GoldenLead(
            id: Self.id(20),
            name: "G",
            lead: Lead(
                email: "a@example.com",
                location: LeadLocation(country: "US", state: "CA"),
                metadata: #"{"score":7}"#
            ),
            expect: .init(outcome: .routed, destination: Self.beta, rule: "A")
        )
    }

    @Test func documentRoundTrips() throws {
        let document = RuleSetDocument(
            version: 7,
            rules: [rule("A", id: Self.id(9)), rule("B")],
            goldenLeads: [golden]
        )
        let read = try RuleSetDocument(tree(document.tree.json))
        #expect(read == document)
    }

    @Test func everyErrorIsNamed() throws {
        let faults = [
            "[]": "", #"{"rules": {}}"#: "/rules", #"{"rule": []}"#: "/rule",
            #"{"rules": [{"name": "A"}]}"#: "/rules/0/destination", #"{"rules": [7]}"#: "/rules/0",
            #"{"rules": [{"name": "", "destination": "\#(Self.beta.text)"}]}"#: "/rules/0/name",
            #"{"rules": [{"name": "A", "destination": "\#(Self.beta.text)", "priority": 1.5}]}"#: "/rules/0/priority",
            #"{"rules": [{"name": "A", "destination": "\#(Self.beta.text)", "conditions": {"industry": []}}]}"#:
                "/rules/0/conditions/industry",
            #"{"version": "new"}"#: "/version",
        ]
        for (json, path) in faults {
            let error = #expect(throws: InvalidDocument.self) { try RuleSetDocument(tree(json)) }
            #expect(error?.problems.map(\.field).contains(path) == true, "\(json) → \(error?.description ?? "")")
        }
        let twice = RuleSetDocument(rules: [rule("A"), rule("A")], goldenLeads: [])
        let error = #expect(throws: InvalidDocument.self) { try RuleSetDocument(tree(twice.tree.json)) }
        #expect(error?.problems.map(\.field) == ["/rules/1/name"])
    }

    @Test func rulesAreMatchedByIDThenName() {
        let live = [
            RoutingRule(
                id: Self.id(11),
                workspaceID: Self.owner,
                name: "A",
                destinationWorkspaceID: Self.beta,
                conditions: RuleConditions(usStates: ["CA"]),
                createdAt: 5
            ),
            RoutingRule(
                id: Self.id(12),
                workspaceID: Self.owner,
                name: "B",
                destinationWorkspaceID: Self.beta,
                createdAt: 6
            ),
        ]
        var next: UInt8 = 100
        let document = RuleSetDocument(
            rules: [rule("Renamed", id: Self.id(12)), rule("A"), rule("B"), rule("C")],
            goldenLeads: []
        )
        let resolved = ResolvedRuleSet(document, owner: Self.owner, live: live, golden: []) {
            next += 1
            return Self.id(next)
        }
        #expect(resolved.rules.map(\.id) == [Self.id(12), Self.id(11), Self.id(101), Self.id(102)])
        #expect(resolved.unchanged == [Self.id(11)])
        #expect(resolved.new == [Self.id(101), Self.id(102)])
        #expect(resolved.rules[0].createdAt == 6)
        #expect(resolved.rules[2].precedes(resolved.rules[3]))
    }

    @Test func goldenLeadsAreDecidedInMemory() {
        func review(_ rules: [RoutingRule], paused: Bool = false) -> RuleSetReview {
            RuleSetReview(
                rules: rules,
                goldenLeads: [golden],
                owner: Self.owner,
                live: RuleSetSnapshot(
                    version: 1,
                    workspaces: [
                        Workspace(id: Self.owner, name: "Alpha"),
                        Workspace(id: Self.beta, name: "Beta", isPaused: paused),
                        Workspace(id: Self.gamma, name: "Gamma"),
                    ],
                    rules: [
                        // The reviewed rules replace it.
                        RoutingRule(
                            id: Self.id(30),
                            workspaceID: Self.owner,
                            name: "old",
                            priority: 99,
                            destinationWorkspaceID: Self.gamma
                        )
                    ],
                    agreements: [
                        RoutingAgreement(receivingWorkspaceID: Self.beta, sendingWorkspaceID: Self.owner),
                        RoutingAgreement(receivingWorkspaceID: Self.gamma, sendingWorkspaceID: Self.owner),
                    ],
                    pauses: paused ? RoutingPauses([RoutingPauses.allSources]) : RoutingPauses()
                ),
                for: .administrator
            )
        }
        func rule(_ name: String, to destination: UUID) -> RoutingRule {
            RoutingRule(id: Self.id(31), workspaceID: Self.owner, name: name, destinationWorkspaceID: destination)
        }
        for isPaused in [false, true] {
            let passed = review([rule("A", to: Self.beta)], paused: isPaused)
            #expect(passed.failures.isEmpty && passed.faults.isEmpty)
        }
        let failure = review([rule("A", to: Self.gamma)]).failures.first
        #expect(failure?.expected == "routed to “Beta” by rule “A”")
        #expect(failure?.actual == "it goes to “Gamma” by rule “A”")
        #expect(review([]).failures.first?.actual == "no rule matches it")
        #expect(!review([rule("Other", to: Self.beta)]).failures.isEmpty)
    }

    @Test func differencesAreListedPerField() throws {
        let before = RuleSetDocument(
            rules: [rule("A", id: Self.id(9)), rule("B", id: Self.id(10)), rule("Same", id: Self.id(11))],
            goldenLeads: [golden]
        )
        var changed = rule("A2", id: Self.id(9), priority: 3)
        changed.conditions.industries = ["Software"]
        let after = RuleSetDocument(rules: [changed, rule("C"), rule("Same")], goldenLeads: [golden])
        let difference = RuleSetDifference(from: before, to: after)
        #expect(difference.rules.added.map { $0["name"] } == [.string("C")])
        #expect(difference.rules.removed.map { $0["name"] } == [.string("B")])
        #expect(difference.goldenLeads.isEmpty)
        let change = try #require(difference.rules.changed.first)
        #expect(difference.rules.changed.count == 1)
        #expect(change.fields.map(\.path) == ["/name", "/priority", "/conditions/industries"])
        #expect(change.fields[1].before == .number("0") && change.fields[1].after == .number("3"))
        #expect(RuleSetDifference(from: before, to: before).isEmpty)
    }

    @Test func workspacesAreFoundByName() throws {
        let naming = WorkspaceNaming([
            Workspace(id: Self.beta, name: "Beta"), Workspace(id: Self.gamma, name: "Twin"),
            Workspace(id: Self.owner, name: "twin"),
        ])
        let written = try tree(
            #"{"rules": [{"name": "Beta", "destination": "beta", "conditions": {"source": "beta"}}]}"#
        )
        let resolved = try naming.resolved(written)
        #expect(resolved["rules"]?.json.contains(#""destination":"\#(Self.beta.text)""#) == true)
        #expect(resolved["rules"]?.json.contains(#""source":"beta""#) == true)
        #expect(naming.named(resolved)["rules"]?.json.contains(#""destination":"Beta""#) == true)
        for name in ["twin", "nobody"] {
            let error = #expect(throws: InvalidDocument.self) {
                try naming.resolved(tree(#"{"goldenLeads": [{"expect": {"destination": "\#(name)"}}]}"#))
            }
            #expect(error?.problems.map(\.field) == ["/goldenLeads/0/expect/destination"])
        }
        #expect(naming.name(of: Self.gamma) == nil)
    }
}
