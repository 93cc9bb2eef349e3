import FoundationEssentials
import HTTPTypes
import LeadRouting
import LeadStore
import RoutingRules
import Testing
import WebTestSupport

/// Two tenants, a third workspace and the platform, each with a word of its own in every field that it can fill, and leads
/// that have moved so that the words would appear.
struct PlantedWorld: Sendable {
    /// Whose words they are.
    enum Owner: String, Sendable, CaseIterable {
        case alpha, beta, gamma, platform

        var id: UUID {
            switch self {
            case .alpha: APIFixture.alpha
            case .beta: APIFixture.beta
            case .gamma: APIFixture.gamma
            case .platform: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
            }
        }

        var key: String { self == .platform ? "admin-key" : "\(rawValue)-key" }
        var other: Owner { self == .alpha ? .beta : .alpha }
    }

    /// A field that an owner has filled with a word.
    struct Word: Sendable, Hashable {
        let owner: Owner
        let field: String

        /// Letters only, so that normalisation leaves it; none is part of another.
        var text: String { "zq\(owner.rawValue)\(field.lowercased())x" }
    }

    /// A workspace that is not active.
    private static let closed = APIFixture.id(31)

    let api: APIFixture
    private(set) var words: Set<Word> = []
    /// The leads, rules, workspaces, people and versions, for the parameters of paths.
    private(set) var leads: [UUID] = []
    private(set) var rules: [UUID] = []
    private(set) var people: [UUID] = []
    private(set) var versions: [Int] = []
    private(set) var keys: [UUID] = []
    private(set) var testLeads: [UUID] = []

    /// The word of a field.
    mutating func word(_ owner: Owner, _ field: String) -> String {
        let word = Word(owner: owner, field: field)
        words.insert(word)
        return word.text
    }

    /// Fills every field, and lets leads move.
    init(_ api: APIFixture) async throws {
        self.api = api
        for owner in [Owner.alpha, .beta, .gamma] { try await plantWorkspace(of: owner) }
        // A destination that takes nothing, and the workspace that gets what no rule of beta takes.
        let closed = word(.gamma, "closedName")
        try await api.run(
            """
            INSERT INTO workspaces (id, name, is_active) VALUES ('\(Self.closed.text)', '\(closed)', false);
            UPDATE workspaces SET unmatched_policy = 'fallback', fallback_workspace_id = '\(APIFixture.alpha.text)'
            WHERE id = '\(APIFixture.beta.text)'
            """
        )
        try await api.run(
            "INSERT INTO routing_agreements SELECT r.id, s.id FROM workspaces r, workspaces s WHERE r.id <> s.id"
        )
        for owner in [Owner.alpha, .beta] { try await publishRules(of: owner) }
        try await plantPlatform()
        for owner in [Owner.alpha, .beta] { try await addRules(of: owner) }
        for owner in [Owner.alpha, .beta] { try await sendLeads(of: owner) }
        for owner in [Owner.alpha, .beta] { try await sendTestLead(of: owner) }
        try await returnDelivered()
        for owner in [Owner.alpha, .beta] {
            try await save(draft(of: owner, "Draft"), of: owner)
            let reason = word(owner, "pauseReason")
            _ = try await api.server.post("/api/routing/pause", #"{"reason":"\#(reason)"}"#, key: owner.key)
        }
        try await collect()
    }

    private mutating func plantWorkspace(of owner: Owner) async throws {
        let person = APIFixture.id(owner == .alpha ? 41 : owner == .beta ? 42 : 43)
        let user = APIFixture.id(owner == .alpha ? 51 : owner == .beta ? 52 : 53)
        people.append(person)
        let name = word(owner, "workspaceName")
        let assignee = word(owner, "assigneeName")
        let partner = word(owner, "partnerName")
        let email = word(owner, "userEmail")
        try await api.run(
            """
            UPDATE workspaces SET name = '\(name)', capacity = '{"caps": [{"per": "total", "limit": \(owner == .gamma ? 1 : 70)}]}'
            WHERE id = '\(owner.id.text)';
            INSERT INTO workspace_assignees (id, workspace_id, name) VALUES ('\(person.text)', '\(owner.id.text)', '\(assignee)');
            INSERT INTO partners (workspace_id, name) VALUES ('\(owner.id.text)', '\(partner)');
            INSERT INTO users (id, email) VALUES ('\(user.text)', '\(email)@example.com');
            INSERT INTO user_workspaces (user_id, workspace_id) VALUES ('\(user.text)', '\(owner.id.text)')
            """
        )
        try await api.addKey(named: word(owner, "keyName"), of: owner.id)
    }

    /// A document of rules and golden leads with words.
    private mutating func draft(of owner: Owner, _ suffix: String) -> String {
        """
        {"rules": [
            {"name": "\(word(owner, "rule" + suffix))", "priority": 40, "destination": "\(owner.other.id.text)",
             "conditions": {"industries": ["Tools", "\(word(owner, "condition" + suffix))"]}}],
         "goldenLeads": [{"name": "\(word(owner, "goldenName" + suffix))", "lead": {"industry": "Tools",
            "email": "\(word(owner, "goldenEmail" + suffix))@example.com", "lastName": "\(word(owner, "goldenLast" + suffix))"},
            "expect": {"destination": "\(owner.other.id.text)"}}]}
        """
    }

    private func save(_ draft: String, of owner: Owner) async throws {
        let path = "/api/rule-sets/\(owner.id.text)/draft"
        let saved = try await api.server.send(.put, path, key: owner.key, bytes: Array(draft.utf8))
        #expect(saved.status == 200, "\(saved.text)")
    }

    private mutating func publishRules(of owner: Owner) async throws {
        try await save(draft(of: owner, "Live"), of: owner)
        let path = "/api/rule-sets/\(owner.id.text)/publish"
        let published = try await api.server.post(path, #"{"note":"\#(word(owner, "note"))"}"#, key: owner.key)
        #expect(published.status == 200, "\(published.text)")
    }

    private mutating func add(_ rule: String, _ owner: Owner) async throws {
        let made = try await api.server.post("/api/rules", rule, key: owner.key)
        #expect(made.status == 201, "\(made.text)")
    }

    /// Rules of the platform: one that takes leads of both, one that is near to others, and one with a pool and caps.
    ///
    /// They ask for two values, so that an owner's rule is nearer to the lead that no rule takes.
    private mutating func plantPlatform() async throws {
        let gamma = Owner.gamma.id.text
        for (field, priority, conditions, distribution) in [
            ("ruleTakes", 90, #"{"company_sizes":["501-1000"],"revenue_ranges":["$1M"]}"#, "null"),
            ("ruleNear", 3, #"{"industries":["\#(word(.platform, "condition"))"],"revenue_ranges":["$1M"]}"#, "null"),
            (
                "rulePool", 80, #"{"company_sizes":["201-500"],"revenue_ranges":["$1M"]}"#,
                #"{"pool":{"method":"weighted","members":[{"workspaceId":"\#(gamma)","weight":3,"caps":[{"per":"total","limit":1}]}]},"caps":[{"per":"day","limit":93417}]}"#
            ),
        ] {
            try await add(
                #"{"name":"\#(word(.platform, field))","priority":\#(priority),"destinationWorkspaceId":"\#(gamma)","conditions":\#(conditions),"distribution":\#(distribution)}"#,
                .platform
            )
        }
    }

    /// Rules that a draft does not have: a pool that waits, a full member, a closed destination.
    private mutating func addRules(of owner: Owner) async throws {
        let (other, gamma) = (owner.other.id.text, Owner.gamma.id.text)
        try await add(
            #"{"name":"\#(word(owner, "ruleClosed"))","priority":35,"destinationWorkspaceId":"\#(Self.closed.text)","conditions":{"company_sizes":["11-50"]}}"#,
            owner
        )
        for (field, priority, size, distribution) in [
            (
                "rulePool", 30, "11-50",
                #"{"pool":{"method":"round_robin","members":[{"workspaceId":"\#(other)"},{"workspaceId":"\#(gamma)"}]}}"#
            ),
            (
                "ruleFull", 29, "51-200",
                #"{"pool":{"method":"in_order","members":[{"workspaceId":"\#(gamma)"}]},"caps":[{"per":"total","limit":60}]}"#
            ),
            (
                "ruleWait", 28, "1-10",
                #"{"pool":{"method":"in_order","members":[{"workspaceId":"\#(gamma)"}]},"whenFull":"wait"}"#
            ),
        ] {
            try await add(
                #"{"name":"\#(word(owner, field))","priority":\#(priority),"destinationWorkspaceId":"\#(gamma)","conditions":{"company_sizes":["\#(size)"]},"distribution":\#(distribution)}"#,
                owner
            )
        }
    }

    /// A lead with a word in each field.
    private mutating func lead(_ owner: Owner, _ name: String, _ fields: String) -> String {
        """
        {"email":"\(word(owner, name + "Email"))@example.com","firstName":"\(word(owner, name + "First"))",
         "lastName":"\(word(owner, name + "Last"))","companyName":"\(word(owner, name + "Company"))",
         "source":"\(word(owner, name + "Source"))","sourceId":"\(word(owner, name + "SourceId"))",
         "location":{"country":"US","state":"TX","city":"\(word(owner, name + "City"))"},
         "metadata":{"\(word(owner, name + "MetadataName"))":"\(word(owner, name + "Metadata"))"},\(fields)}
        """
    }

    private mutating func sendLeads(of owner: Owner) async throws {
        var key = HTTPFields()
        if let name = HTTPField.Name("Idempotency-Key") { key[name] = word(owner, "idempotencyKey") }
        var bodies: [String] = [lead(owner, "delivered", #""industry":"Tools""#)]
        // Kept: no rule matches, and rules are near.
        bodies.append(lead(owner, "kept", #""industry":"\#(word(owner, "keptIndustry"))""#))
        for (name, size) in [("pool", "11-50"), ("poolNext", "11-50"), ("full", "51-200"), ("wait", "1-10")] {
            bodies.append(lead(owner, name, #""companySize":"\#(size)""#))
        }
        bodies.append(lead(owner, "platform", #""companySize":"501-1000","revenue":"$1M""#))
        bodies.append(lead(owner, "platformPool", #""companySize":"201-500","revenue":"$1M""#))
        // A duplicate of the lead that the other one keeps.
        if owner == .beta {
            let email = Word(owner: .alpha, field: "keptEmail").text
            bodies.append(#"{"email":"\#(email)@example.com","lastName":"\#(word(owner, "duplicateLast"))"}"#)
        }
        for (place, body) in bodies.enumerated() {
            let answer = try await api.server.post(
                "/api/leads",
                body,
                key: owner.key,
                headers: place == 0 ? key : [:]
            )
            #expect(answer.status == 201, "\(answer.text)")
        }
    }

    /// A lead by a test key, which a rule of its owner takes.
    private mutating func sendTestLead(of owner: Owner) async throws {
        // Of a test lead no names are stored.
        let (industry, source) = (word(owner, "testIndustry"), word(owner, "testSource"))
        let body = #"{"email":"a@example.com","industry":"\#(industry)","companySize":"1-10","source":"\#(source)"}"#
        let answer = try await api.server.post("/api/leads", body, key: try await api.testKey(of: owner.id))
        #expect(answer.status == 201 && answer["test"]?.bool == true, "\(answer.text)")
    }

    /// Beta returns a lead that alpha has sent.
    private mutating func returnDelivered() async throws {
        let delivered = try await api.server.get("/api/leads?workspaceId=\(Owner.beta.id.text)", key: "admin-key")
        let lead = delivered["leads"]?.array?
            .first {
                $0["sourceWorkspaceId"]?.string == Owner.alpha.id.text
                    && $0["lastName"]?.string == Word(owner: .alpha, field: "poolLast").text
            }
        let id = try #require(lead?["id"]?.string, "\(delivered.text)")
        let answer = try await api.server.post(
            "/api/leads/\(id)/return",
            #"{"reason":"\#(word(.beta, "returnReason"))"}"#,
            key: "beta-key"
        )
        #expect(answer.status == 200, "\(answer.text)")
    }

    private mutating func collect() async throws {
        leads = try await api.ids("SELECT id FROM leads")
        rules = try await api.ids("SELECT id FROM lead_routing_rules")
        testLeads = try await api.ids("SELECT id FROM switchyard.test_leads")
        // Not the keys with which the requests are sent: revoking them would end the test's reading.
        let named = words.filter { $0.field == "keyName" }.map { "'\($0.text)'" }.joined(separator: ",")
        keys = try await api.ids("SELECT id FROM switchyard.api_keys WHERE name IN (\(named))")
        versions = try await api.numbers(
            "SELECT version FROM switchyard.rule_set_versions ORDER BY version DESC LIMIT 8"
        )
    }
}
