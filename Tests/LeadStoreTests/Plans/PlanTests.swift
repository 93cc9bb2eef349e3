import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

/// Every statement on the path of a lead uses an index, however many leads there are and whatever the statistics are.
///
/// The statements are executed, not only explained: the test counts the rows that each node of each plan reads.
@Suite struct PlanTests {
    /// Tables that grow with the number of leads.
    private static let large = [
        "leads", "lead_routing_queue", "lead_routing_logs", "lead_identity_claims", "lead_attributions",
        "idempotency_keys",
    ]

    @Test(arguments: [true, false])
    func noPlanReadsTheBacklog(isAnalysed: Bool) async throws {
        try await LargeStoreFixture.with(isAnalysed: isAnalysed) { filled in
            let version = try await filled.fixture.stores.ruleSets.version()
            for (name, work) in Self.work(version) {
                let plans = try await filled.plans { try await work(filled, $0) }
                #expect(plans.count > 0, "\(name): no plan was seen")
                expectFrugal(plans, name, mostRows: LargeStoreFixture.mostRows)
            }
        }
    }

    /// Rates are computed from the newest decisions; the rest of a burst is not read.
    ///
    /// Also with outdated statistics, by which an hour has fewer decisions than requested.
    @Test func claimReadsOnlyItsBatch() async throws {
        try await LargeStoreFixture.with(isAnalysed: true) { filled in
            try await filled.fixture.run(
                """
                INSERT INTO lead_routing_logs (lead_id, source_workspace_id, routing_result, attempt, created_at)
                SELECT id, source_workspace_id, 'retry', 1, now() - random() * interval '20 hours' FROM leads, generate_series(1, 2);
                ANALYZE lead_routing_logs;
                INSERT INTO lead_routing_logs (lead_id, source_workspace_id, routing_result, attempt, created_at)
                SELECT id, source_workspace_id, 'retry', 1, now() - interval '1 minute' FROM leads
                """
            )
            let plans = try await filled.plans { stores in
                _ = try await stores.health.counts()
                _ = try await stores.health.routingReading()
            }
            #expect(plans.count > 1)
            expectFrugal(plans, "health", mostRows: Double(LargeStoreFixture.waiting) * 1.5)
        }
    }

    /// Health and metrics count waiting leads up to a limit, and read no others.
    @Test func dashboardsReadOnlyWaitingLeads() async throws {
        try await LargeStoreFixture.with(isAnalysed: true) { filled in
            let plans = try await filled.plans { stores in
                _ = try await stores.health.counts()
                _ = try await stores.health.routingReading()
                for status in [LeadStatus.pending, .routing, .failed] {
                    var filter = LeadFilter()
                    filter.status = status
                    _ = try await stores.leads.page(filter, limit: 20, as: .administrator)
                }
            }
            #expect(plans.count > 2)
            expectFrugal(plans, "health", mostRows: Double(LargeStoreFixture.waiting) * 1.5)
        }
    }

    /// A page of a list is read alone, for a workspace too, and so is all data of one lead.
    ///
    /// Not with statistics of an empty table: then a workspace's own leads are sorted until the next ANALYZE.
    @Test func pageReadsOnlyItsRows() async throws {
        try await LargeStoreFixture.with(isAnalysed: true) { filled in
            let text = try await filled.fixture
                .value("SELECT id FROM leads WHERE workspace_id = '\(StoreFixture.a.text)' LIMIT 1")
            let id = try #require(UUID(uuidString: text))
            let plans = try await filled.plans { stores in
                for access in [Access.administrator, .workspace(StoreFixture.a)] {
                    let page = try await stores.leads.page(LeadFilter(), limit: 20, as: access)
                    #expect(page.leads.count == 20)
                    if let next = page.next {
                        _ = try await stores.leads.page(LeadFilter(), at: .after(next), limit: 20, as: access)
                        _ = try await stores.leads.page(LeadFilter(), at: .before(next), limit: 10, as: access)
                    }
                    #expect(try await !stores.leads.history(id, as: access).isEmpty)
                    _ = try await stores.leads.decisions(id, as: access)
                }
            }
            #expect(plans.count > 5)
            expectFrugal(plans, "a page", mostRows: 400)
        }
    }

    private func expectFrugal(_ plans: [SeenPlan], _ name: String, mostRows: Double) {
        for plan in plans {
            for node in plan.nodes {
                let isLarge = Self.large.contains { node.relation == $0 || node.relation?.hasPrefix($0 + "_") == true }
                // The future partitions of the log are empty.
                let isCounted = node.relation == "lead_routing_queue" && mostRows > LargeStoreFixture.mostRows
                if isLarge, !isCounted, node.type == "Seq Scan", node.rows + node.removed > 100 {
                    Issue.record("\(name): \(node) in \(plan.query)")
                }
                if node.rows > mostRows || node.removed > mostRows { Issue.record("\(name): \(node) in \(plan.query)") }
            }
        }
    }

    private typealias Work = @Sendable (LargeStoreFixture, Stores) async throws -> Void

    private static func work(_ version: Int64) -> [(String, Work)] {
        [
            (
                "ingest",
                { _, stores in
                    let leads = (0..<200)
                        .map { n in
                            let lead = Lead(email: "new-\(n)@example.com", phone: "+44 20 7946 \(1000 + n)")
                            return DecidedLead(
                                PreparedLead(id: .lead(10_000 + n), source: StoreFixture.a, lead: lead),
                                .to(StoreFixture.b)
                            )
                        }
                    _ = try await stores.intake.ingest(leads, version: version, isRepeat: false)
                    // Stored by an earlier attempt; and the same people again.
                    _ = try await stores.intake.ingest(leads, version: version, isRepeat: true)
                    let again = leads.enumerated()
                        .map { n, lead in
                            DecidedLead(
                                PreparedLead(id: .lead(20_000 + n), source: StoreFixture.c, lead: lead.prepared.lead),
                                .to(StoreFixture.b)
                            )
                        }
                    _ = try await stores.intake.ingest(again, version: version, isRepeat: false)
                }
            ),
            (
                "ingest with keys",
                { _, stores in
                    let leads = (0..<100)
                        .map { n in
                            let key = IdempotencyClaim(
                                key: "key \(n)",
                                place: 0,
                                request: IdempotencyClaim.digest(of: [1])
                            )
                            let lead = Lead(email: "keyed-\(n)@example.com")
                            return DecidedLead(
                                PreparedLead(
                                    id: .lead(30_000 + n),
                                    source: StoreFixture.a,
                                    lead: lead,
                                    idempotency: key
                                ),
                                .to(StoreFixture.b)
                            )
                        }
                    _ = try await stores.intake.ingest(leads, version: version, isRepeat: false)
                }
            ),
            (
                "ingest of waiting leads",
                { _, stores in
                    let leads = (0..<100)
                        .map { n in
                            let lead = Lead(email: "queued-\(n)@example.com")
                            return DecidedLead(
                                PreparedLead(id: .lead(40_000 + n), source: StoreFixture.a, lead: lead),
                                n < 50 ? .queued : .retry
                            )
                        }
                    _ = try await stores.intake.ingest(leads, version: version, isRepeat: false)
                }
            ),
            ("claim, first", { _, stores in try await settle(stores, .due(.new, limit: 200), version) }),
            ("claim, on", { _, stores in try await settle(stores, .due(.new, limit: 200), version) }),
            ("claim of retries", { _, stores in try await settle(stores, .due(.tried, limit: 200), version) }),
            (
                "claim that is put off",
                { _, stores in try await settle(stores, .due(.new, limit: 200), version, .retry) }
            ),
            (
                "claim of those that wait for capacity",
                { _, stores in
                    #expect(try await stores.queue.rulesWithWaitingLeads() == [StoreFixture.rule])
                    try await settle(stores, .waiters(rule: StoreFixture.rule, limit: 100, except: []), version)
                }
            ),
            (
                "one lead by name",
                { filled, stores in
                    let id = try await filled.fixture.value("SELECT lead_id FROM lead_routing_queue LIMIT 1")
                    guard let id = UUID(uuidString: id) else { throw StoreError(.notFound, "no lead waits") }
                    try await settle(stores, .lead(id), version)
                }
            ),
            (
                "the guide's functions",
                { filled, stores in
                    let ids = try await filled.fixture
                        .run("SELECT lead_id FROM lead_routing_queue WHERE waiting_for IS NULL LIMIT 2").map { $0[0] }
                    let owner = UUID.sample(0x77).text
                    for id in ids {
                        _ = try await stores.session.pool.query(
                            Statement("", "SELECT public.acquire_routing_lock('\(id)', '\(owner)')")
                        )
                    }
                    _ = try await stores.session.pool.query(
                        Statement(
                            "",
                            "SELECT public.complete_routing('\(ids[0])', '\(StoreFixture.b.text)', NULL, '\(owner)')"
                        )
                    )
                    _ = try await stores.session.pool.query(
                        Statement("", "SELECT public.fail_routing('\(ids[1])', 'no', '\(owner)')")
                    )
                }
            ),
            (
                "clean-up",
                { _, stores in
                    _ = try await stores.queue.releaseStaleLocks()
                    _ = try await stores.queue.expireLeads()
                }
            ),
            (
                "what people look at",
                { filled, stores in
                    let id = try await filled.fixture.value("SELECT id FROM leads LIMIT 1")
                    guard let id = UUID(uuidString: id) else { throw StoreError(.notFound, "there is no lead") }
                    _ = try await stores.leads.find(id, as: .administrator)
                    _ = try await stores.leads.outcomes(of: [id])
                    _ = try await stores.leads.firstOutcomes(of: [id])
                    _ = try await stores.statistics.sums(
                        StatisticsQuery(from: "2026-01-01", to: "2026-12-31", grouping: .day),
                        as: .administrator
                    )
                }
            ),
        ]
    }

    private static func settle(
        _ stores: Stores,
        _ claim: WaitingClaim,
        _ version: Int64,
        _ assignment: Assignment = .to(StoreFixture.b)
    ) async throws {
        let result = try await stores.queue.claimAndSettle(claim) { leads in (version, leads.map { _ in assignment }) }
        guard case .settled(let settled) = result, !settled.isEmpty else {
            throw StoreError(.notFound, "nothing was claimed by \(claim)")
        }
    }
}
