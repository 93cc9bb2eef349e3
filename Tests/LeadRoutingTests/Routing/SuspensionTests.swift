import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import TestDatabase
import Testing

@testable import LeadRouting

/// A suspended workspace: nothing goes in, nothing goes out, and only an administrator ends it.
@Suite struct SuspensionTests {
    @Test func leadsOfSuspendedSourceAreRefusedAndWaitingOnesStay() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "AND NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = s.id AND w.routing_suspended_at IS NOT NULL)",
                from: "hold_turn",
                with: "",
                asked: "suspension-claim"
            )
            try await fixture.pool.removeGuardIfAsked(
                "AND NOT EXISTS (SELECT FROM public.workspaces w WHERE w.id = s.id AND w.routing_suspended_at IS NOT NULL)",
                from: "claim_waiters",
                with: "",
                asked: "suspension-waiters"
            )
            let useCases = fixture.useCases()
            try await fixture.insertWaiting(3)
            _ = try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(50)), as: .partner)
            let result = try await useCases.workspaces.suspend(Samples.partner, reason: "abuse", as: .administrator)
            #expect(result.wasChanged && result.isSettled && result.workspace.workspace.suspension == "abuse")
            let again = try await useCases.workspaces.suspend(Samples.partner, reason: "other", as: .administrator)
            #expect(!again.wasChanged && again.workspace.workspace.suspension == "abuse")

            // The node's rules are older than the suspension: the database refuses its decisions.
            let refused = try await refusal {
                try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(51)), as: .partner)
            }
            #expect(refused == .suspended(reason: "abuse"))
            let leads = [
                SubmittedLead(lead: Samples.lead(52), workspaceID: Samples.rival),
                SubmittedLead(lead: Samples.lead(53), workspaceID: Samples.partner),
            ]
            let results = try await useCases.submissions.submit(batch: leads, as: .administrator)
            #expect(try results[0].get().status == .routed)
            #expect(throws: RequestError.suspended(reason: "abuse")) { try results[1].get() }
            #expect(try await fixture.number("SELECT count(*) FROM leads") == 5)

            // Waiting leads stay, without an attempt.
            #expect(try await fixture.router().drain(limit: 100).claimed == 0)
            let waiters = try await fixture.run(
                """
                UPDATE lead_routing_queue SET waiting_for = '\(Samples.westRule.text)', next_retry_at = 'infinity';
                SELECT count(*) FROM switchyard.claim_waiters('\(Samples.westRule.text)', 10);
                """
            )
            #expect(waiters == [["0"]])
            try await fixture.run("UPDATE lead_routing_queue SET waiting_for = NULL, next_retry_at = now()")
            let waiting = "SELECT count(*) FROM leads WHERE routing_status = 'pending' AND routing_attempts = 0"
            #expect(try await fixture.number(waiting) == 3)
            let first = try await fixture.run("SELECT lead_id FROM lead_routing_queue LIMIT 1")
            let id = try #require(UUID(uuidString: first[0][0]))
            await #expect(throws: RouteRefusal(code: .suspended)) {
                try await fixture.router().route(leadID: id, as: .administrator)
            }

            #expect(try await useCases.workspaces.lift(Samples.partner, as: .administrator).wasChanged)
            #expect(try await !useCases.workspaces.lift(Samples.partner, as: .administrator).wasChanged)
            #expect(try await fixture.router().drain(limit: 100).routed == 3)
            let log = try await fixture.run(
                "SELECT actor, action, reason FROM switchyard.operator_log WHERE workspace_id = '\(Samples.partner.text)' ORDER BY id"
            )
            #expect(log == [["key:admin", "suspend", "abuse"], ["key:admin", "lift", "-"]])
            #expect(try await fixture.brokenPromises() == 0)
        }
    }

    @Test func suspendedDestinationIsSkippedWithReason() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            _ = try await useCases.workspaces.suspend(Samples.west, reason: "abuse", as: .administrator)
            let outcome = try await fixture.intake().submit(Samples.lead(1), from: Samples.partner)
            #expect(outcome.destinationWorkspaceID == Samples.partner && outcome.matchedRuleID == nil)
            #expect(outcome.reason.text(for: .administrator).contains("is suspended"))
            // As the fallback, it is skipped too.
            var change = WorkspaceChange()
            change.unmatchedPolicy = .fallback(Samples.west)
            _ = try await fixture.stores.workspaces.change(Samples.partner, change, as: .administrator)
            let unmatched = try await fixture.intake().submit(Samples.lead(2, industry: nil), from: Samples.partner)
            #expect(unmatched.destinationWorkspaceID == Samples.partner)
            #expect(unmatched.reason.text(for: .administrator).contains("is suspended"))
        }
    }

    /// The rules of a platform workspace apply to every source; while it is suspended they do not.
    @Test func suspendedPlatformRoutesNothing() async throws {
        try await RoutingFixture.with { fixture in
            var change = WorkspaceChange()
            change.type = "platform"
            _ = try await fixture.stores.workspaces.change(Samples.rival, change, as: .administrator)
            var rule = RuleChange()
            rule.name = "Of the platform"
            rule.priority = 9
            rule.destinationWorkspaceID = Samples.east
            _ = try await fixture.stores.rules.create(id: .sample(30), owner: Samples.rival, rule, as: .administrator)
            let intake = fixture.intake()
            #expect(
                try await intake.submit(Samples.lead(1), from: Samples.partner).destinationWorkspaceID == Samples.east
            )
            _ = try await fixture.stores.workspaces.suspend(Samples.rival, reason: "abuse", actor: "a")
            #expect(
                try await intake.submit(Samples.lead(2), from: Samples.partner).destinationWorkspaceID == Samples.west
            )
        }
    }

    /// The statement that writes refuses a suspended workspace even if no version is compared.
    @Test func writingStatementRefusesSuspendedWorkspace() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "AND w.routing_suspended_at IS NULL)",
                from: "ingest_decided",
                with: ")",
                asked: "suspension-ingest"
            )
            let lead = PreparedLead(id: .sample(40), source: Samples.partner, lead: Samples.lead(1))
            let decided = DecidedLead(
                lead,
                Assignment(result: .success, destination: Samples.west, rule: Samples.westRule, reason: "r")
            )
            let queued = DecidedLead(lead, Assignment(result: .queued, reason: "r"))
            for suspended in [Samples.partner, Samples.west] {
                let version = try await fixture.stores.ruleSets.version()
                _ = try await fixture.stores.workspaces.suspend(suspended, reason: "abuse", actor: "a")
                let intake = fixture.stores.intake
                #expect(try await intake.ingest([decided], version: version, isRepeat: false) == .stale)
                let error = await #expect(throws: PostgresError.self) {
                    try await intake.ingest([decided], version: nil, isRepeat: false)
                }
                #expect(error?.sqlState == PostgresError.suspended)
                if suspended == Samples.partner {
                    await #expect(throws: PostgresError.self) {
                        try await intake.ingest([queued], version: nil, isRepeat: false)
                    }
                }
                _ = try await fixture.stores.workspaces.lift(suspended, actor: "a")
            }
            #expect(try await fixture.number("SELECT count(*) FROM leads") == 0)
            #expect(try await fixture.number("SELECT count(*) FROM lead_identity_claims") == 0)
        }
    }

    /// A batch that was checked before the suspension, and is not committed yet: the suspension waits for it.
    @Test func suspensionWaitsForLeadsInFlight() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let (gate, open) = AsyncStream.makeStream(of: Void.self)
            let (arrived, arrive) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await fixture.pool.withTransaction { connection in
                        _ = try await connection.query(
                            Statement(
                                "",
                                """
                                SELECT * FROM switchyard.ingest_decided(switchyard.current_rule_set_version(),
                                    ARRAY['\(UUID.sample(41).text)']::uuid[], ARRAY['\(Samples.partner.text)']::uuid[],
                                    ARRAY['\(Samples.west.text)']::uuid[], ARRAY[NULL]::uuid[], ARRAY['success'], ARRAY['r'],
                                    ARRAY['a@example.com'], ARRAY[NULL]::text[], NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                    NULL, ARRAY[NULL]::text[], ARRAY[NULL]::bytea[], ARRAY[NULL]::bytea[], false, NULL, NULL, NULL)
                                """
                            )
                        )
                        arrive.finish()
                        for await _ in gate {}
                    }
                }
                for await _ in arrived {}
                // The clock does not wait, so the whole limit passes at once; the transaction is still open.
                let impatient = try await useCases.workspaces.suspend(
                    Samples.partner,
                    reason: "abuse",
                    clock: ImmediateClock(),
                    as: .administrator
                )
                #expect(impatient.wasChanged && !impatient.isSettled)
                #expect(try await fixture.number("SELECT count(*) FROM leads") == 0)
                group.addTask {
                    let patient = try await useCases.workspaces.suspend(
                        Samples.partner,
                        reason: "abuse",
                        as: .administrator
                    )
                    #expect(patient.isSettled)
                    #expect(try await fixture.number("SELECT count(*) FROM leads") == 1)
                }
                open.finish()
                try await group.waitForAll()
            }
        }
    }

    /// A workspace is suspended and lifted while its leads arrive and are routed: between the two none goes in or out.
    @Test func concurrentSuspensionLetsNothingThrough() async throws {
        try await RoutingFixture.with { fixture in
            let useCases = fixture.useCases()
            let intakes = [fixture.intake(leadsInBatch: 16), fixture.intake(leadsInBatch: 16)]
            try await fixture.insertWaiting(200)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        do {
                            _ = try await intakes[number % 2].submit(Samples.lead(1000 + number), from: Samples.partner)
                            return 1
                        } catch let error as IntakeError where error.code == .suspended {
                            return 0
                        }
                    }
                }
                group.addTask {
                    let router = fixture.router()
                    for _ in 0..<30 { _ = try await router.drain(limit: 1000, batch: 10) }
                    return 0
                }
                let state = """
                    SELECT concat_ws(' ', (SELECT count(*) FROM leads), (SELECT count(*) FROM lead_routing_logs),
                        (SELECT count(*) FROM lead_identity_claims), (SELECT count(*) FROM leads WHERE routing_status = 'routed'))
                    """
                for _ in 0..<10 {
                    let result = try await useCases.workspaces.suspend(
                        Samples.partner,
                        reason: "abuse",
                        as: .administrator
                    )
                    #expect(result.isSettled)
                    let before = try await fixture.run(state)
                    // Work for the others to overtake, not a wait for time.
                    for _ in 0..<20 { #expect(try await fixture.run(state) == before) }
                    _ = try await useCases.workspaces.lift(Samples.partner, as: .administrator)
                }
                let stored = try await group.reduce(0, +)
                #expect(try await fixture.number("SELECT count(*) FROM leads") == 200 + stored)
            }
            _ = try await fixture.router().drain(limit: 10_000)
            #expect(try await fixture.number("SELECT count(*) FROM leads WHERE routing_status <> 'routed'") == 0)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }

    @Test func tenantCannotLiftItsSuspension() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "current_user IN ('anon', 'authenticated')",
                from: "guard_suspension",
                with: "false",
                asked: "suspension-writers"
            )
            let useCases = fixture.useCases()
            _ = try await useCases.workspaces.suspend(Samples.partner, reason: "abuse", as: .administrator)
            let lift = try await refusal { try await useCases.workspaces.lift(Samples.partner, as: .partner) }
            #expect(lift?.isForbidden == true)
            _ = try await useCases.operations.resume(.workspace(nil), as: .partner)
            // Its own rule, and a change of its workspace.
            let partner = Samples.partner.text
            let claims = #"{"role":"authenticated","switchyard_workspace_id":"\#(partner)"}"#
            // As an application might grant it to its members.
            try await fixture.run(
                """
                GRANT UPDATE ON workspaces TO authenticated;
                CREATE POLICY theirs ON workspaces FOR UPDATE TO authenticated USING (true);
                CREATE POLICY theirs_too ON workspaces FOR SELECT TO authenticated USING (true);
                GRANT INSERT ON switchyard.operator_log TO authenticated;
                CREATE POLICY theirs ON switchyard.operator_log FOR INSERT TO authenticated WITH CHECK (true)
                """
            )
            for change in [
                "routing_suspended_at = NULL", "routing_suspended_at = NULL, routing_suspended_reason = NULL",
                "routing_suspended_reason = 'nothing'",
            ] {
                let error = await #expect(throws: PostgresError.self, "\(change)") {
                    try await fixture.run(
                        """
                        BEGIN; SET LOCAL ROLE authenticated; SET LOCAL request.jwt.claims TO '\(claims)';
                        UPDATE workspaces SET \(change) WHERE id = '\(partner)'; COMMIT
                        """
                    )
                }
                #expect(error?.sqlState == "42501")
            }
            let error = await #expect(throws: PostgresError.self) {
                try await fixture.run(
                    """
                    BEGIN; SET LOCAL ROLE authenticated; SET LOCAL request.jwt.claims TO '\(claims)';
                    SELECT switchyard.lift_suspension('\(partner)', 'me'); COMMIT
                    """
                )
            }
            #expect(error?.sqlState == "42501")
            let stored = try await fixture.stores.workspaces.find(Samples.partner, as: .administrator)
            #expect(stored?.workspace.suspension == "abuse")
        }
    }

    /// Neither a key nor a member of a suspended workspace reads or writes rows, whatever the server believes of them.
    @Test func databaseHidesEverythingFromSuspendedWorkspace() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "w.routing_suspended_at IS NOT NULL OR",
                from: "acting_workspace",
                with: "",
                asked: "suspension-key"
            )
            try await fixture.pool.removeGuardIfAsked(
                "AND w.routing_suspended_at IS NOT NULL",
                from: "visible_workspaces",
                with: "AND false",
                asked: "suspension-member"
            )
            try await fixture.insertWaiting(2)
            let member = UUID.sample(70)
            try await fixture.run(
                """
                INSERT INTO users (id) VALUES ('\(member.text)');
                INSERT INTO user_workspaces (user_id, workspace_id) VALUES ('\(member.text)', '\(Samples.partner.text)')
                """
            )
            func seen(_ claims: String) async throws -> [String] {
                try await fixture.pool
                    .simple(
                        """
                        BEGIN; SET LOCAL ROLE authenticated; SET LOCAL request.jwt.claims TO '\(claims)';
                        SELECT (SELECT count(*) FROM leads), (SELECT count(*) FROM workspaces); COMMIT
                        """
                    )
                    .first { !$0.isEmpty }?
                    .map(\.texts).first ?? []
            }
            let key = #"{"role":"authenticated","switchyard_workspace_id":"\#(Samples.partner.text)"}"#
            let user = #"{"role":"authenticated","sub":"\#(member.text)"}"#
            for claims in [key, user] { #expect(try await seen(claims) == ["2", "1"]) }
            _ = try await fixture.stores.workspaces.suspend(Samples.partner, reason: "abuse", actor: "a")
            for claims in [key, user] { #expect(try await seen(claims) == ["0", "0"]) }
            let first = try await fixture.run("SELECT id FROM leads LIMIT 1")
            let id = try #require(UUID(uuidString: first[0][0]))
            #expect(try await fixture.stores.leads.find(id, as: .workspace(Samples.partner)) == nil)
            await #expect(throws: StoreError.self) {
                var rule = RuleChange()
                rule.name = "Mine"
                rule.destinationWorkspaceID = Samples.partner
                _ = try await fixture.stores.rules.create(
                    id: .sample(31),
                    owner: Samples.partner,
                    rule,
                    as: .workspace(Samples.partner)
                )
            }
            _ = try await fixture.stores.workspaces.lift(Samples.partner, actor: "a")
            for claims in [key, user] { #expect(try await seen(claims) == ["2", "1"]) }
        }
    }

    /// The functions of the migration guide, for programs that decide outside a transaction.
    @Test func guideFunctionsRefuseSuspendedWorkspaces() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.pool.removeGuardIfAsked(
                "WHEN u.source = ANY (v_suspended) THEN 'The source workspace is suspended.'",
                from: "settle_decided",
                with: "",
                asked: "suspension-source"
            )
            try await fixture.pool.removeGuardIfAsked(
                "WHEN u.destination = ANY (v_suspended) THEN 'The destination workspace is suspended.'",
                from: "settle_decided",
                with: "",
                asked: "suspension-destination"
            )
            try await fixture.pool.removeGuardIfAsked(
                "AND w.routing_suspended_at IS NOT NULL)",
                from: "acquire_routing_locks",
                with: "AND false)",
                asked: "suspension-lock"
            )
            try await fixture.insertWaiting(2)
            let ids = try await fixture.run("SELECT id FROM leads ORDER BY id").map { $0[0] }
            let owner = UUID.sample(80).text
            func call(_ function: String) async throws -> String { try await fixture.run("SELECT \(function)")[0][0] }
            #expect(try await call("acquire_routing_lock('\(ids[0])', '\(owner)')") == "t")
            _ = try await fixture.stores.workspaces.suspend(Samples.partner, reason: "abuse", actor: "a")
            // What is locked comes back, and keeps its attempts.
            #expect(
                try await call("complete_routing('\(ids[0])', '\(Samples.west.text)', NULL, '\(owner)')") == "f"
            )
            #expect(
                try await fixture.run(
                    "SELECT routing_status, routing_attempts, workspace_id FROM leads WHERE id = '\(ids[0])'"
                ) == [["pending", "0", Samples.partner.text]]
            )
            #expect(try await call("acquire_routing_lock('\(ids[1])', '\(owner)')") == "f")
            _ = try await fixture.stores.workspaces.lift(Samples.partner, actor: "a")

            #expect(try await call("acquire_routing_lock('\(ids[1])', '\(owner)')") == "t")
            _ = try await fixture.stores.workspaces.suspend(Samples.west, reason: "abuse", actor: "a")
            #expect(
                try await call("complete_routing('\(ids[1])', '\(Samples.west.text)', NULL, '\(owner)')") == "f"
            )
            #expect(
                try await fixture.run(
                    "SELECT routing_status, routing_attempts, routing_error FROM leads WHERE id = '\(ids[1])'"
                ) == [["pending", "1", "The destination workspace is suspended."]]
            )
        }
    }

    @Test func suspensionNeedsReason() async throws {
        try await RoutingFixture.with { fixture in
            let workspaces = fixture.useCases().workspaces
            for reason in ["", "  ", String(repeating: "x", count: 501)] {
                let refused = try await refusal {
                    try await workspaces.suspend(Samples.partner, reason: reason, as: .administrator)
                }
                #expect(refused?.fields == ["/reason"])
            }
            let unknown = try await refusal {
                try await workspaces.suspend(.sample(99), reason: "r", as: .administrator)
            }
            #expect(unknown?.isNotFound == true)
            #expect(
                try await refusal { try await workspaces.lift(.sample(99), as: .administrator) }?.isNotFound == true
            )
            let tenant = try await refusal { try await workspaces.suspend(Samples.west, reason: "r", as: .west) }
            #expect(tenant?.isForbidden == true)
        }
    }
}
