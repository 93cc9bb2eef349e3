import FoundationEssentials
import LeadStore
import RoutingRules
import Testing

@testable import LeadRouting

/// Triggers of the installation on leads: they run under their own search_path, and their failures are named.
@Suite struct HostTriggerTests {
    /// A trigger as an application writes it: its tables without their schema.
    private func addOutbox(_ fixture: RoutingFixture) async throws {
        try await fixture.run(
            """
            CREATE TABLE public.outbox (lead uuid, event text, at timestamptz DEFAULT now());
            CREATE FUNCTION public.tell_outbox() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO outbox (lead, event) VALUES (NEW.id, TG_OP); RETURN NULL; END $$;
            CREATE TRIGGER tell_outbox AFTER INSERT OR UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION public.tell_outbox();
            CREATE FUNCTION public.count_outbox() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM count(*) FROM outbox; RETURN NULL; END $$;
            CREATE TRIGGER a_count BEFORE INSERT OR UPDATE ON leads FOR EACH STATEMENT EXECUTE FUNCTION public.count_outbox();
            """
        )
    }

    @Test func triggerRunsUnderItsOwnSearchPath() async throws {
        try await RoutingFixture.with { fixture in
            try await addOutbox(fixture)
            let intake = fixture.intake()
            let stored = try await intake.submit(Samples.lead(1), from: Samples.partner)
            #expect(stored.status == .routed)
            // With the same bytes of identities, through claim_identities.
            #expect(try await intake.submit(Samples.lead(1), from: Samples.rival).isDuplicate)
            try await fixture.insertWaiting(3)
            #expect(try await fixture.router().drain(limit: 10).routed == 3)
            #expect(try await fixture.number("SELECT count(*) FROM outbox WHERE event = 'INSERT'") == 5)
            #expect(try await fixture.number("SELECT count(*) FROM outbox WHERE event = 'UPDATE'") == 3)
        }
    }

    /// Every function that writes leads, workspaces or rules.
    @Test func everyFunctionLeavesHostTriggersTheirSearchPath() async throws {
        try await RoutingFixture.with { fixture in
            try await addOutbox(fixture)
            try await fixture.run(
                """
                CREATE FUNCTION public.tell_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    INSERT INTO outbox (event) VALUES (TG_TABLE_NAME || ' ' || TG_OP); RETURN coalesce(NEW, OLD); END $$;
                CREATE TRIGGER tell_change BEFORE INSERT OR UPDATE OR DELETE ON workspaces FOR EACH ROW EXECUTE FUNCTION public.tell_change();
                CREATE TRIGGER tell_change BEFORE INSERT OR UPDATE OR DELETE ON lead_routing_rules FOR EACH ROW EXECUTE FUNCTION public.tell_change();
                """
            )
            try await fixture.insertWaiting(4)
            let leads = try await fixture.run("SELECT id FROM leads ORDER BY id").map { $0[0] }
            let owner = UUID().text
            try await fixture.run(
                """
                SELECT acquire_routing_lock('\(leads[0])', '\(owner)');
                SELECT complete_routing('\(leads[0])', '\(Samples.west.text)', '\(Samples.westRule.text)', '\(owner)');
                SELECT acquire_routing_lock('\(leads[1])', '\(owner)');
                SELECT fail_routing('\(leads[1])', 'no', '\(owner)', 1);
                SELECT switchyard.requeue_lead('\(leads[1])', 'test');
                SELECT acquire_routing_lock('\(leads[2])', '\(owner)');
                UPDATE leads SET routing_locked_at = now() - interval '6 minutes' WHERE id = '\(leads[2])';
                SELECT release_stale_routing_locks();
                UPDATE leads SET lead_expires_at = now() - interval '1 second' WHERE id = '\(leads[3])';
                SELECT mark_expired_leads();
                SELECT switchyard.return_lead('\(leads[0])', '\(Samples.west.text)', 'test', NULL);
                SELECT switchyard.send_returned_lead('\(leads[0])', (SELECT version FROM switchyard.rule_set_version),
                    '\(Samples.east.text)', NULL, 'success', 'again', NULL, NULL, 'test');
                SELECT * FROM switchyard.erase_leads(ARRAY['\(leads[0])']::uuid[], NULL, 'test', 'lead', NULL, true);
                SELECT switchyard.suspend_workspace('\(Samples.rival.text)', 'test', 'why');
                SELECT switchyard.lift_suspension('\(Samples.rival.text)', 'test');
                SELECT switchyard.switch_off_rule('\(Samples.westRule.text)', 'too long');
                SELECT * FROM switchyard.replace_rules(NULL, '[{"id": "\(UUID.sample(99).text)", "rule_name": "New", "priority": 1,
                    "conditions": {}, "destination_workspace_id": "\(Samples.west.text)", "is_active": true}]');
                SELECT * FROM switchyard.replace_rules(NULL, '[{"id": "\(UUID.sample(99).text)", "rule_name": "Newer"}]');
                SELECT * FROM switchyard.replace_rules(NULL, '[]');
                """
            )
            #expect(
                try await fixture.run("SELECT DISTINCT event FROM outbox WHERE event LIKE '% %' ORDER BY event")
                    .map { $0[0] }
                    == [
                        "lead_routing_rules DELETE", "lead_routing_rules INSERT", "lead_routing_rules UPDATE",
                        "workspaces UPDATE",
                    ]
            )
            #expect(try await fixture.number("SELECT count(*) FROM outbox WHERE event = 'UPDATE'") > 8)
            // The functions' own statements ran under an empty search_path, and none is left behind.
            #expect(try await fixture.run("SHOW search_path") == [["\"$user\", public"]])
        }
    }

    private func breakTrigger(_ fixture: RoutingFixture, when: String = "true", raising body: String) async throws {
        try await fixture.run(
            """
            CREATE FUNCTION public.notify_crm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \(body); RETURN NEW; END $$;
            CREATE TRIGGER notify_crm BEFORE INSERT OR UPDATE ON leads FOR EACH ROW WHEN (\(when)) EXECUTE FUNCTION public.notify_crm();
            """
        )
    }

    @Test func brokenTriggerIsNamedInRefusal() async throws {
        try await RoutingFixture.with { fixture in
            try await breakTrigger(
                fixture,
                when: "NEW.email = 'person2@example.com'",
                raising: "PERFORM * FROM crm_contacts"
            )
            let useCases = fixture.useCases()
            let batch = (1...3).map { SubmittedLead(lead: Samples.lead($0)) }
            let results = try await useCases.submissions.submit(batch: batch, as: .partner)
            #expect(try results[0].get().status == .routed)
            #expect(try results[2].get().status == .routed)
            guard case .failure(.hostFunctionFailed(let reason)) = results[1] else {
                Issue.record("\(results[1])")
                return
            }
            #expect(reason.contains("notify_crm failed (SQLSTATE 42P01)"))
            let health = try await useCases.operations.health()
            #expect(health.status == .unhealthy)
            #expect(health.reasons.contains { $0.contains("notify_crm failed (SQLSTATE 42P01)") })
        }
    }

    @Test func refusalOfTriggerIsConflictWithoutPersonalData() async throws {
        try await RoutingFixture.with { fixture in
            try await breakTrigger(fixture, raising: "RAISE EXCEPTION 'No room for % at the CRM', NEW.email")
            let useCases = fixture.useCases()
            let refused = try await refusal {
                try await useCases.submissions.submit(SubmittedLead(lead: Samples.lead(1)), as: .partner)
            }
            guard case .refusedByHostFunction(let reason) = refused else {
                Issue.record("\(String(describing: refused))")
                return
            }
            #expect(
                reason == "This lead was not stored. The installation's function notify_crm failed (SQLSTATE P0001)."
            )
            let recent = useCases.operations.refusals.recent()
            #expect(recent.map(\.message) == ["No room for … at the CRM"])
            let health = try await useCases.operations.health()
            #expect(health.status == .degraded)
        }
    }

    /// The trigger refuses every change of a lead, so that not even its next attempt can be written to leads.
    @Test func waitingLeadOfBrokenTriggerIsTriedAgain() async throws {
        try await RoutingFixture.with { fixture in
            try await fixture.insertWaiting(2)
            try await breakTrigger(
                fixture,
                when: "NEW.email = 'person1@example.com'",
                raising: "RAISE EXCEPTION 'CRM is closed for %', NEW.email USING ERRCODE = 'XX001'"
            )
            let summary = try await fixture.router().drain(limit: 10)
            #expect(summary.routed == 1 && summary.poisonous == 1)
            #expect(summary.refusal?.message == "CRM is closed for …")
            #expect(
                try await fixture.number(
                    """
                    SELECT count(*) FROM lead_routing_queue WHERE attempt_number = 1
                        AND next_retry_at BETWEEN now() + interval '50 seconds' AND now() + interval '70 seconds'
                        AND last_error LIKE '%notify_crm failed (SQLSTATE XX001). The message: CRM is closed for …'
                    """
                ) == 1
            )
            #expect(
                try await fixture.number(
                    "SELECT count(*) FROM lead_routing_logs WHERE routing_result = 'retry' AND reason LIKE '%notify_crm%' AND attempt = 1"
                ) == 1
            )
            let doctor = DiagnosisFinding.about(
                try await fixture.stores.health.hostTriggers(),
                refusals: try await fixture.stores.health.waitingRefusals()
            )
            #expect(doctor.first?.isGood == false)
            #expect(doctor.first?.state.contains("trigger notify_crm on leads") == true, "\(doctor)")
            // The function is corrected, and the lead is due again.
            try await fixture.run(
                "DROP FUNCTION public.notify_crm CASCADE; UPDATE lead_routing_queue SET next_retry_at = now()"
            )
            #expect(try await fixture.router().drain(limit: 10).routed == 1)
            #expect(try await fixture.brokenPromises() == 0)
        }
    }
}
