import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadRouting

/// Erasing people: their data is removed, and the routing of their leads is kept.
@Suite struct ErasureTests {
    private let west = Access.workspace(Samples.west)
    private let partner = Access.workspace(Samples.partner)

    /// Zebulon Quackenbush, with all data that a partner can send, in words that occur nowhere else.
    private func person(_ number: Int = 1, industry: String? = "software") -> Lead {
        Lead(
            email: "Zeb.Quackenbush\(number)@Example.com",
            phone: "(415) 555-013\(number)",
            firstName: "Zebulon",
            lastName: "Quackenbush",
            companyName: "Quackenbush & Sons",
            industry: industry,
            location: LeadLocation(country: "US", state: "CA", city: "Quackenbush Falls"),
            source: "Quackenbush's form",
            sourceID: "crm-quackenbush",
            metadata: #"{"note": "Quackenbush calls", "deep": {"email": "zeb.quackenbush@example.com"}}"#
        )
    }

    /// The tables that contain his data, found in every row of every table of the database.
    private func traces(
        _ fixture: RoutingFixture,
        of words: [String] = ["quackenbush", "zebulon", "555-013", "415555013"]
    ) async throws
        -> [String]
    {
        let tables = try await fixture.run(
            """
            SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1
            """
        )
        #expect(tables.count > 30)
        var found: [String] = []
        for table in tables.map({ $0[0] }) {
            let condition = words.map { "t::text ILIKE '%\($0)%'" }.joined(separator: " OR ")
            if try await fixture.number("SELECT count(*) FROM \(table) t WHERE \(condition)") > 0 {
                found.append(table)
            }
        }
        return found
    }

    private func erase(
        _ fixture: RoutingFixture,
        _ subject: ErasureSubject,
        as access: Access = .administrator
    ) async throws -> Erasure {
        try await fixture.stores.erasure.erase(subject, actor: "key:ops", as: access)
    }

    private func outcomes(_ erasure: Erasure) -> [Erasure.Outcome] { erasure.leads.map(\.outcome) }

    @Test func erasureLeavesNoPersonalDataInAnyTable() async throws {
        try await RoutingFixture.with { fixture in
            let intake = fixture.intake()
            let routed = try await intake.submit(
                person(),
                from: Samples.partner,
                idempotency: IdempotencyClaim(key: "k", place: 0, request: Array(repeating: 7, count: 32))
            )
            #expect(routed.destinationWorkspaceID == Samples.west)
            let twin = try await intake.submit(person(), from: Samples.rival)
            #expect(twin.isDuplicate)
            // A program that routes by the guide's functions, and writes personal data into its error message.
            try await fixture.run(
                """
                INSERT INTO leads (workspace_id, email, last_name) VALUES ('\(Samples.partner.text)', 'zeb.quackenbush1@example.com', 'Quackenbush');
                SELECT acquire_routing_lock(id, '\(UUID.sample(99).text)') FROM leads WHERE routing_status = 'pending';
                SELECT fail_routing(id, 'CRM: Zebulon Quackenbush is blocked', '\(UUID.sample(99).text)', 5) FROM leads WHERE routing_status = 'routing';
                """
            )
            let returning = LeadReturn(stores: fixture.stores, rules: RuleSetCache(source: fixture.stores.ruleSets))
            _ = try await returning(
                routed.leadID,
                reason: "Mr Quackenbush has moved",
                sendsOn: false,
                actor: "k",
                as: .workspace(Samples.west)
            )
            // He is in a golden lead: in the current rules, in earlier versions, and in a draft.
            var document = try await fixture.stores.ruleSets.owned(by: nil, as: .administrator).document
            document.goldenLeads = [
                GoldenLead(name: "Quackenbush", lead: person(), expect: .init(destination: Samples.west))
            ]
            document.version = try await fixture.stores.publishing.publish(document, of: nil, as: .administrator)
                .version
            document.goldenLeads[0].name = "Old Quackenbush"
            _ = try await fixture.stores.publishing.publish(document, of: nil, as: .administrator)
            document.version = try await fixture.stores.ruleSets.owned(by: nil, as: .administrator).version
            _ = try await fixture.stores.drafts.save(document, of: nil, as: .administrator)
            let before = try await traces(fixture)
            for table in ["leads", "lead_routing_queue", "golden_leads", "rule_set_drafts", "rule_set_history"] {
                #expect(before.contains { $0.hasSuffix(table) }, "\(before)")
            }
            #expect(before.contains { $0.contains("lead_routing_logs") })

            let erasure = try await erase(fixture, .email("zeb.quackenbush1@example.com"))
            #expect(outcomes(erasure) == [.erased, .erased, .erased])
            #expect(erasure.examples == 2)
            let after = try await traces(fixture)
            #expect(after == [])

            // The routing is kept.
            let facts = try await fixture.run(
                """
                SELECT routing_status, workspace_id, company_industry, company_location, duplicate_of IS NOT NULL, erased_at IS NOT NULL,
                    dedupe_hash IS NOT NULL FROM leads ORDER BY created_at
                """
            )
            let place = #"{"state": "CA", "country": "US"}"#
            #expect(
                facts == [
                    ["routed", Samples.partner.text, "software", place, "f", "t", "t"],
                    ["routed", Samples.rival.text, "software", place, "t", "t", "f"],
                    ["expired", Samples.partner.text, "-", "-", "f", "t", "f"],
                ]
            )
            #expect(
                try await fixture.number("SELECT count(*) FROM lead_attributions WHERE returned_at IS NOT NULL") == 1
            )
            #expect(
                try await fixture.run(
                    """
                    SELECT routing_result, regexp_replace(coalesce(error_message, reason), '[0-9a-f-]{36}', 'ID')
                    FROM lead_routing_logs ORDER BY created_at, id
                    """
                ) == [
                    ["success", "Matched {Q:ID}{p| (priority 0)}."],
                    ["duplicate", "The same lead was here before."],
                    ["retry", "(erased)"], ["returned", "(erased)"],
                    ["expired", "The person was erased before the lead was assigned."],
                ]
            )
            #expect(try await fixture.number("SELECT count(*) FROM lead_routing_queue") == 0)
            #expect(
                try await fixture.run(
                    "SELECT actor, found_by, status_before, keeps_identity FROM switchyard.erasures ORDER BY 3, 4"
                ) == [
                    ["key:ops", "email", "pending", "f"], ["key:ops", "email", "routed", "f"],
                    ["key:ops", "email", "routed", "t"],
                ]
            )
            // The golden leads keep their destination without his name; the draft can be published.
            let examples = try await fixture.stores.ruleSets.owned(by: nil, as: .administrator).document.goldenLeads
            #expect(examples.map(\.lead.industry) == ["software"])
            #expect(examples.allSatisfy { $0.name.hasPrefix("Erased example ") })
        }
    }

    @Test func erasureFindsPersonInAnyNotation() async throws {
        try await RoutingFixture.with { fixture in
            let intake = fixture.intake()
            let forms: [(String?, String?)] = [
                ("Ann.Lee+news@Googlemail.com", nil), ("annlee@gmail.com", "+1 415 555 0100"),
                ("other@example.com", "415.555.0100 x12"),
                ("third@example.com", "+44 (0)20 7946 0100"), (nil, "00442079460100"), ("ann@lee.example", nil),
                ("ÄNN@lee.example", nil),
            ]
            for (email, phone) in forms {
                _ = try await intake.submit(Lead(email: email, phone: phone, firstName: "Ann"), from: Samples.partner)
            }
            func count(_ subject: ErasureSubject) async throws -> Int {
                try await fixture.stores.erasure.erase(subject, isRehearsal: true, actor: "k", as: .administrator).leads
                    .count
            }
            #expect(try await count(.email("a.n.n.lee@gmail.com")) == 2)
            #expect(try await count(.phone("(415) 555-0100")) == 2)
            #expect(try await count(.phone("+44 20 7946 0100")) == 2)
            #expect(try await count(.email("ann@lee.example")) == 1)
            #expect(try await count(.email("änn@LEE.example")) == 1)
            #expect(try await count(.email("nobody@example.com")) == 0)
            // The rehearsals have changed nothing.
            #expect(
                try await fixture.number("SELECT count(*) FROM leads WHERE first_name = 'Ann' AND erased_at IS NULL")
                    == 7
            )
            #expect(try await fixture.number("SELECT count(*) FROM switchyard.erasures") == 0)
            await #expect(throws: StoreError.self) { _ = try await count(.email("no address")) }
            await #expect(throws: StoreError.self) { _ = try await count(.phone("123")) }
            // The table is read page by page, and each page once.
            let pages = try await fixture.run(
                "SELECT f FROM generate_series(0, 9) p, switchyard.find_person('email', 'annlee@gmail.com', NULL, p, p + 1) f"
            )
            #expect(pages.count == 2)
        }
    }

    @Test func workspaceErasesItsOwnLeadsOnly() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "l.workspace_id IS DISTINCT FROM p_workspace_id",
                from: "erase_leads",
                with: "false",
                asked: "erasure-tenant"
            )
            let intake = fixture.intake()
            let sent = try await intake.submit(person(), from: Samples.partner)
            let kept = try await intake.submit(person(2, industry: nil), from: Samples.partner)
            try await fixture.run(
                "UPDATE leads SET email = 'zeb.quackenbush1@example.com' WHERE id = '\(kept.leadID.text)'"
            )
            let subject = ErasureSubject.email("zeb.quackenbush1@example.com")
            // Other workspaces see nothing of him.
            #expect(try await erase(fixture, subject, as: .workspace(Samples.east)).leads.isEmpty)
            let refusal = await #expect(throws: StoreError.self) {
                _ = try await erase(fixture, .lead(sent.leadID), as: .workspace(Samples.east))
            }
            #expect(refusal?.code == .notFound)
            #expect(
                try await fixture.run(
                    "SELECT outcome FROM switchyard.erase_leads(ARRAY['\(sent.leadID.text)'::uuid], '\(Samples.east.text)', 'k', 'lead', NULL, true)"
                )
                    == [["none"]]
            )
            #expect(try await fixture.number("SELECT count(*) FROM leads WHERE erased_at IS NOT NULL") == 0)
            // The source has sent one lead on, and erases the other.
            let own = try await erase(fixture, subject, as: partner)
            #expect(
                Set(own.leads.map { "\($0.id == kept.leadID) \($0.outcome.rawValue)" }) == [
                    "true erased", "false elsewhere",
                ]
            )
            #expect(
                try await fixture.run("SELECT first_name FROM leads WHERE id = '\(sent.leadID.text)'") == [["Zebulon"]]
            )
            #expect(try await outcomes(erase(fixture, subject, as: west)) == [.erased])
            #expect(try await traces(fixture) == [])
        }
    }

    @Test func erasureKeepsIdentityUnlessForgotten() async throws {
        try await RoutingFixture.with { fixture in
            let intake = fixture.intake()
            let first = try await intake.submit(person(), from: Samples.partner)
            #expect(try await outcomes(erase(fixture, .lead(first.leadID))) == [.erased])
            let second = try await intake.submit(person(), from: Samples.rival)
            #expect(second.isDuplicate && second.duplicateLeadID == first.leadID)
            // Erasing again changes only leads that have arrived since; the record is unchanged.
            #expect(try await outcomes(erase(fixture, .lead(first.leadID))) == [.already])
            #expect(try await Set(outcomes(erase(fixture, .phone("4155550131")))) == [.erased])
            #expect(try await Set(outcomes(erase(fixture, .email("zeb.quackenbush1@example.com")))) == [.already])
            #expect(try await fixture.number("SELECT count(*) FROM switchyard.erasures") == 2)
            let forgotten = try await fixture.stores.erasure.erase(
                .lead(first.leadID),
                forgettingIdentity: true,
                actor: "k",
                as: .administrator
            )
            #expect(outcomes(forgotten) == [.erased])
            #expect(try await fixture.number("SELECT count(*) FROM lead_identity_claims") == 0)
            #expect(try await fixture.number("SELECT count(*) FROM leads WHERE dedupe_hash IS NOT NULL") == 0)
            #expect(try await intake.submit(person(), from: Samples.rival).destinationWorkspaceID == Samples.west)
        }
    }

    @Test func lockedLeadPreventsErasure() async throws {
        try await RoutingFixture.with { fixture in
            let other = try await fixture.intake().submit(person(), from: Samples.partner)
            try await fixture.run(
                """
                INSERT INTO leads (workspace_id, email) VALUES ('\(Samples.rival.text)', 'zeb.quackenbush1@example.com');
                SELECT acquire_routing_lock(id, '\(UUID.sample(99).text)') FROM leads WHERE routing_status = 'pending';
                """
            )
            let subject = ErasureSubject.email("zeb.quackenbush1@example.com")
            let error = await #expect(throws: StoreError.self) { _ = try await erase(fixture, subject) }
            #expect(error?.code == .conflict && error?.message.contains("nothing was erased") == true)
            #expect(try await fixture.number("SELECT count(*) FROM leads WHERE erased_at IS NOT NULL") == 0)
            let rehearsal = try await fixture.stores.erasure.erase(
                subject,
                isRehearsal: true,
                actor: "k",
                as: .administrator
            )
            #expect(outcomes(rehearsal).contains(.busy))
            // Erasing the other lead alone succeeds.
            #expect(try await outcomes(erase(fixture, .lead(other.leadID))) == [.erased])
            // The erasure has not ended the attempt: the lock is gone, and its owner is refused.
            try await fixture.run(
                "UPDATE leads SET routing_locked_at = now() - interval '6 minutes' WHERE routing_status = 'routing'"
            )
            #expect(try await Set(outcomes(erase(fixture, subject))) == [.already, .erased])
            #expect(
                try await fixture.run(
                    "SELECT complete_routing(id, '\(Samples.west.text)', NULL, '\(UUID.sample(99).text)') FROM leads WHERE routing_status = 'expired'"
                )
                    == [["f"]]
            )
            #expect(try await traces(fixture) == [])
        }
    }

    /// The erasure waits for a claim in progress; a later claim finds nothing.
    @Test func concurrentClaimsAndErasuresAreConsistent() async throws {
        try await RoutingFixture.with(connections: 24) { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "FOR UPDATE\n    ) h",
                from: "erase_leads",
                with: ") h",
                asked: "erasure-lock"
            )
            for round in 0..<12 {
                try await fixture.insertWaiting(16)
                let ids = try await fixture.run("SELECT id FROM leads WHERE erased_at IS NULL")
                    .compactMap { UUID(text: $0[0]) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<2 {
                        group.addTask { while try await fixture.router().routeDue(.new, limit: 3).routed > 0 {} }
                    }
                    for id in ids {
                        group.addTask {
                            let erasure = try await erase(fixture, .lead(id))
                            #expect(outcomes(erasure) == [.erased])
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(
                    try await fixture.number("SELECT count(*) FROM leads WHERE email IS NOT NULL") == 0,
                    "round \(round)"
                )
                #expect(try await fixture.number("SELECT count(*) FROM lead_routing_queue") == 0)
                #expect(try await fixture.brokenPromises() == 0)
            }
            #expect(
                try await fixture.number(
                    "SELECT count(DISTINCT routing_status) FROM leads WHERE routing_status IN ('routed', 'expired')"
                ) == 2
            )
        }
    }

    @Test func statisticsCountErasedLeadsOnce() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "g.metadata ? 'counted'",
                from: "add_statistics",
                with: "false",
                asked: "erasure-counted"
            )
            try await fixture.run("SELECT switchyard.gather_statistics()")
            try await fixture.run(
                """
                INSERT INTO leads (workspace_id, email) VALUES ('\(Samples.partner.text)', 'zeb.quackenbush1@example.com');
                SELECT acquire_routing_lock(id, '\(UUID.sample(99).text)') FROM leads;
                SELECT fail_routing(id, 'Quackenbush is blocked', '\(UUID.sample(99).text)', 5) FROM leads;
                """
            )
            _ = try await fixture.intake().submit(person(2), from: Samples.partner)
            func sums() async throws -> [[String]] {
                try await fixture.run(
                    "SELECT sum(retried), sum(routed), sum(expired), sum(latency_ms) FROM switchyard.routing_statistics WHERE dimension = 'all' AND direction = 'out'"
                )
            }
            // Transactions of the server, in other databases too, delay the counting.
            func gather(until isCounted: String) async throws {
                for _ in 0..<600 {
                    try await fixture.run("SELECT switchyard.gather_statistics()")
                    if try await fixture.number("SELECT count(*) FROM switchyard.routing_statistics WHERE \(isCounted)")
                        > 0
                    {
                        return
                    }
                    try await fixture.run("SELECT pg_sleep(0.05)")
                }
            }
            try await gather(until: "routed > 0")
            var counted = try await sums()
            #expect(counted[0][0] == "1" && counted[0][1] == "1")
            _ = try await erase(fixture, .phone("4155550132"))
            _ = try await erase(fixture, .email("zeb.quackenbush1@example.com"))
            try await gather(until: "expired > 0")
            counted[0][2] = "1"
            #expect(try await sums() == counted)
            #expect(try await fixture.number("SELECT count(*) FROM lead_routing_logs WHERE metadata ? 'counted'") == 1)
            try await fixture.run("SELECT switchyard.rebuild_statistics((now() AT TIME ZONE 'UTC')::date)")
            try await gather(until: "expired > 0")
            #expect(try await sums() == counted)
        }
    }

    @Test func erasureKeepsTheLogAppendOnly() async throws {
        try await RoutingFixture.with { fixture in
            let intake = fixture.intake()
            let erased = try await intake.submit(person(), from: Samples.partner)
            let other = try await intake.submit(person(2), from: Samples.partner)
            _ = try await erase(fixture, .lead(erased.leadID))
            for (lead, change) in [
                (other.leadID, "reason = '(erased)'"), (erased.leadID, "reason = 'Another person'"),
                (erased.leadID, "routing_result = 'failed'"), (erased.leadID, "created_at = now()"),
                (erased.leadID, "metadata = '{\"state\": {}}'"),
            ] {
                let error = await #expect(throws: PostgresError.self, "\(change)") {
                    try await fixture.run("UPDATE lead_routing_logs SET \(change) WHERE lead_id = '\(lead.text)'")
                }
                #expect(error?.sqlState == "42501")
            }
            for command in [
                "DELETE FROM lead_routing_logs", "DELETE FROM switchyard.erasures",
                "UPDATE switchyard.erasures SET actor = 'x'",
            ] {
                let error = await #expect(throws: PostgresError.self) { try await fixture.run(command) }
                #expect(error?.sqlState == "42501")
            }
        }
    }

    /// The explanation of an erased lead: that it was erased, and the log; nothing derived from empty values.
    @Test func erasedLeadIsExplainedAndNotRerouted() async throws {
        try await RoutingFixture.with { fixture in
            let lead = try await fixture.intake().submit(person(), from: Samples.partner)
            _ = try await erase(fixture, .lead(lead.leadID))
            let explanation = try #require(
                try await LeadExplainer(stores: fixture.stores).explain(lead.leadID, as: .administrator)
            )
            #expect(explanation.reproduction == .different(.erased))
            #expect(explanation.erasedAt != nil && explanation.steps.isEmpty)
            let text = explanation.text { "\($0)" }
            #expect(text.contains("The person was erased") && text.contains("Matched rule “Software”"))
            #expect(!text.contains("has none"))
            #expect(try await fixture.stores.leads.find(lead.leadID, as: west)?.erasedAt != nil)
            let returning = LeadReturn(stores: fixture.stores, rules: RuleSetCache(source: fixture.stores.ruleSets))
            let outcome = try await returning(lead.leadID, reason: nil, sendsOn: true, actor: "k", as: west)
            #expect(outcome.destinationWorkspaceID == Samples.partner)
            // Nor is an unmatched one requeued.
            let kept = try await fixture.intake().submit(person(2, industry: nil), from: Samples.partner)
            _ = try await erase(fixture, .lead(kept.leadID))
            #expect(try await !fixture.stores.queue.requeue(kept.leadID, actor: "k"))
            let selection = ReplaySelection(
                source: nil,
                from: Timestamp(microsecondsSinceUnixEpoch: 0),
                before: Timestamp(microsecondsSinceUnixEpoch: 4_000_000_000_000_000),
                limit: 10
            )
            _ = try await fixture.stores.simulation.replay(selection) { #expect($0.leads.isEmpty) }
        }
    }
}
