import FoundationEssentials
import JSON
import RoutingRules
import Testing

@Suite("The examples")
struct ExampleTests {
    @Test("The rules are readable and every destination has agreed")
    func rules() throws {
        let file = try ExampleFiles.RuleSet(Array(ExampleFiles.read("workspaces.json")))
        #expect(file.workspaces.count == 12)
        #expect(file.rules.count >= 30)
        for rule in file.rules {
            #expect(rule.conditions.problems.isEmpty, "\(rule.name)")
            #expect(rule.conditions.warnings.isEmpty, "\(rule.name)")
            guard let owner = rule.workspaceId, owner != rule.destinationWorkspaceId else { continue }
            #expect(
                file.agreements.contains {
                    $0.receivingWorkspaceId == rule.destinationWorkspaceId && $0.sendingWorkspaceId == owner
                },
                "\(rule.name)"
            )
        }
    }

    /// The server must give the same counts, however the file is imported.
    @Test("Ten thousand leads go where expected.json says")
    func leads() throws {
        let expected = try JSONDecoder().decode(ExampleFiles.Outcome.self, from: ExampleFiles.read("expected.json"))
        let actual = try route()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let found = String(decoding: try encoder.encode(actual), as: UTF8.self)
        #expect(actual == expected, "\(found)")
    }

    private func route() throws -> ExampleFiles.Outcome {
        let file = try ExampleFiles.RuleSet(Array(ExampleFiles.read("workspaces.json")))
        let rules = CompiledRuleSet(file.snapshot)
        let workspaces = Dictionary(uniqueKeysWithValues: file.workspaces.map { ($0.name.lowercased(), $0.id) })
        let names = Dictionary(uniqueKeysWithValues: file.workspaces.map { ($0.id, $0.name) })
        let rows = ExampleFiles.rows(try ExampleFiles.read("leads.csv"))
        let header = try #require(rows.first)
        var outcome = ExampleFiles.Outcome()
        var claimed: Set<LeadIdentity> = []
        for row in rows.dropFirst() {
            outcome.rows += 1
            guard row.count == header.count else {
                outcome.rejected += 1
                continue
            }
            let values = Dictionary(uniqueKeysWithValues: zip(header, row))
            guard let source = workspaces[values["workspace"]?.lowercased() ?? ""], let lead = try? lead(values) else {
                outcome.rejected += 1
                continue
            }
            let claims = LeadIdentities(email: lead.email, phone: lead.phone, companyName: lead.companyName).claims
            guard claimed.isDisjoint(with: claims) else {
                outcome.duplicates += 1
                continue
            }
            claimed.formUnion(claims)
            switch rules.decide(lead, from: source).outcome {
            case .routed(let destination, _, let rule):
                outcome.matched[names[destination] ?? "", default: 0] += 1
                outcome.rules[rule, default: 0] += 1
            case .fallback(let destination): outcome.fallback[names[destination] ?? "", default: 0] += 1
            case .unmatched(let keptIn): outcome.kept[names[keptIn] ?? "", default: 0] += 1
            case .retry: Issue.record("No workspace of the example retries.")
            case .paused: Issue.record("Nothing is paused in the example.")
            case .waiting: Issue.record("Nothing is full in the example.")
            }
        }
        return outcome
    }

    private func lead(_ values: [String: String]) throws -> Lead {
        let notes = values["notes"] ?? ""
        let raw = Lead(
            email: values["email"],
            phone: values["phone"],
            firstName: values["first_name"],
            lastName: values["last_name"],
            companyName: values["company_name"],
            industry: values["industry"],
            companySize: values["company_size"],
            revenue: values["revenue"],
            location: LeadLocation(country: values["country"], state: values["state"], city: values["city"]),
            source: values["source"],
            sourceID: values["source_id"],
            metadata: notes.isEmpty ? nil : JSONValue.object([.init("notes", .string(notes))]).json
        )
        return try LeadValidation.validated(raw)
    }
}
