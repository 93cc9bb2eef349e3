import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Testing

/// Lists of leads: every filter, page by page, for administrators and for workspaces.
@Suite struct ListTests {
    /// Twenty leads with different statuses, workspaces, rules and duplicates, three at each time.
    private func fill(_ fixture: StoreFixture) async throws {
        let kinds: [Assignment] = [
            .to(StoreFixture.b), .kept, .retry, .to(StoreFixture.c, rule: .sample(0x52)), .queued,
        ]
        for number in 1...20 {
            let source = number % 3 == 0 ? StoreFixture.b : StoreFixture.a
            let email = number % 7 == 0 ? "person1@example.com" : nil
            try await fixture.ingest(.sample(number, from: source, email: email, kinds[number % kinds.count]))
        }
        try await fixture.run(
            """
            UPDATE leads SET created_at = TIMESTAMPTZ '2026-01-31 12:00:00Z'
                + ('x' || right(id::text, 2))::bit(8)::int / 3 * interval '1 minute';
            INSERT INTO leads (id, email, created_at) VALUES ('\(UUID.lead(50).text)', 'nowhere@example.com', now())
            """
        )
        try await fixture.settle(.init(result: .failed, reason: "Not possible."), limit: 1, leadID: .lead(4))
    }

    private func filters(_ all: [LeadRecord]) throws -> [LeadFilter] {
        let middle = try #require(all.dropFirst(10).first).createdAt
        let changes: [(inout LeadFilter) -> Void] =
            LeadStatus.allCases.map { status in { $0.status = status } }
            + [StoreFixture.a, StoreFixture.b, StoreFixture.missingWorkspace].map { id in { $0.workspaceID = id } }
            + [StoreFixture.a, StoreFixture.b].map { id in { $0.sourceWorkspaceID = id } }
            + [
                { $0.matchedRuleID = StoreFixture.rule }, { $0.isDuplicate = true }, { $0.isDuplicate = false },
                { $0.email = "Person1@example.com" },
                { $0.createdFrom = middle }, { $0.createdBefore = middle },
            ]
        // Each filter alone, and each pair of filters.
        var filters = [LeadFilter()]
        for (index, first) in changes.enumerated() {
            for second in changes[index...] {
                var filter = LeadFilter()
                first(&filter)
                second(&filter)
                filters.append(filter)
            }
        }
        return filters
    }

    private func lets(_ filter: LeadFilter, _ lead: LeadRecord) -> Bool {
        func identity(_ email: String?) -> LeadIdentity? { email.flatMap { LeadIdentity(.email, of: $0) } }
        return (filter.status == nil || filter.status == lead.status)
            && (filter.workspaceID == nil || filter.workspaceID == lead.workspaceID)
            && (filter.sourceWorkspaceID == nil || filter.sourceWorkspaceID == lead.sourceWorkspaceID)
            && (filter.matchedRuleID == nil || filter.matchedRuleID == lead.matchedRuleID)
            && (filter.isDuplicate == nil || filter.isDuplicate == (lead.duplicateOf != nil))
            && (filter.email == nil || identity(filter.email) == identity(lead.lead.email))
            && (filter.createdFrom.map { lead.createdAt >= $0 } ?? true)
            && (filter.createdBefore.map { lead.createdAt < $0 } ?? true)
    }

    @Test(arguments: [
        Access.administrator, .workspace(StoreFixture.a), .workspace(StoreFixture.b), .workspace(StoreFixture.c),
    ])
    func filtersSelectAloneAndInPairs(access: Access) async throws {
        try await StoreFixture.with { fixture in
            try await fill(fixture)
            let order = try await fixture.run("SELECT id FROM leads ORDER BY created_at DESC, id DESC")
            var all: [LeadRecord] = []
            for row in order {
                guard let id = row.first.flatMap({ UUID(text: $0) }) else { continue }
                if let lead = try await fixture.stores.leads.find(id, as: .administrator) { all.append(lead) }
            }
            #expect(all.count == 21)
            let visible = all.filter { lead in
                guard let own = access.workspaceID else { return true }
                return lead.workspaceID == own || lead.sourceWorkspaceID == own
            }
            for filter in try filters(all) {
                let page = try await fixture.stores.leads.page(filter, limit: 100, as: access)
                #expect(page.leads == visible.filter { lets(filter, $0) }, "\(filter)")
                #expect(page.next == nil)
            }
        }
    }

    @Test(arguments: [Access.administrator, .workspace(StoreFixture.a)])
    func pagesDoNotOverlapWhileLeadsArrive(access: Access) async throws {
        try await StoreFixture.with { fixture in
            try await fill(fixture)
            let whole = try await fixture.stores.leads.page(.init(), limit: 100, as: access).leads.map(\.id)
            for limit in [1, 3, 7] {
                var seen: [UUID] = []
                var key: LeadKey?
                var pages: [[UUID]] = []
                repeat {
                    let place = key.map { PagePlace.after($0) }
                    let page = try await fixture.stores.leads.page(.init(), at: place, limit: limit, as: access)
                    #expect(page.leads.count <= limit)
                    seen += page.leads.map(\.id)
                    #expect((page.previous == nil) == pages.isEmpty)
                    pages.append(page.leads.map(\.id))
                    key = page.next
                    let number = 100 + 50 * limit + seen.count
                    try await fixture.ingest(.sample(number, .kept))
                    // Back to the page before, which is as it was.
                    if let previous = page.previous, pages.count > 1 {
                        let place = PagePlace.before(previous)
                        let back = try await fixture.stores.leads.page(.init(), at: place, limit: limit, as: access)
                        #expect(back.leads.map(\.id) == pages[pages.count - 2])
                        #expect(back.next == back.leads.last.map { LeadKey(createdAt: $0.createdAt, id: $0.id) })
                    }
                } while key != nil
                // The leads of the start, in the same order, without those that arrived meanwhile.
                #expect(seen.filter(whole.contains) == whole)
                #expect(Set(seen).count == seen.count)
            }
        }
    }

    @Test func workspaceSeesOwnedAndSentLeadsOnly() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.ingest(.sample(1, .to(StoreFixture.b)), .sample(2, .kept))
            let stores = fixture.stores
            for (id, workspaces) in [(UUID.lead(1), [StoreFixture.a, StoreFixture.b]), (.lead(2), [StoreFixture.a])] {
                for workspace in [StoreFixture.a, StoreFixture.b, StoreFixture.c] {
                    let isVisible = workspaces.contains(workspace)
                    let access = Access.workspace(workspace)
                    #expect(try await (stores.leads.find(id, as: access) != nil) == isVisible)
                    #expect(try await stores.leads.visible([id, .lead(99)], to: access) == (isVisible ? [id] : []))
                    #expect(try await stores.leads.history(id, as: access).isEmpty == !isVisible)
                }
                #expect(try await stores.leads.visible([id], to: .administrator) == [id])
            }
        }
    }
}
