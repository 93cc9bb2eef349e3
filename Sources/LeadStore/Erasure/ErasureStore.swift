import FoundationEssentials
import Postgres
import RoutingRules

/// Erasure of persons from all stored data of their leads.
package struct ErasureStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Erases a person: clears the personal data of the leads in all tables, in one transaction.
    ///
    /// The lead itself, its decision, its attribution and the statistics are kept. Leads are found by reading the whole
    /// table once, in statements of some 128 MB each, because most leads have a number as well as an address; by id it
    /// is one row. Then they are locked: the erasure waits for a lead that is being claimed, and expires one that is
    /// not assigned yet.
    ///
    /// - Parameters:
    ///   - subject: identifies the person.
    ///   - forgetting: whether the identity claims are deleted too; then the person counts as new when sent again.
    ///   - isRehearsal: whether the transaction is rolled back at the end.
    ///   - actor: the caller; stored with the leads' ids.
    ///   - access: a workspace erases from leads that it has; those that it sent on are reported.
    /// - Returns: the result for each lead; a repeated call changes nothing.
    /// - Throws: ``StoreError`` for a lead that does not exist, an address that identifies no person, more than
    ///   ``ErasureSubject/most`` leads, or a lead that another program has locked: then nothing is erased.
    package func erase(
        _ subject: ErasureSubject,
        forgettingIdentity forgetting: Bool = false,
        isRehearsal: Bool = false,
        actor: String,
        as access: Access
    ) async throws -> Erasure {
        let (ids, values) = try await leadsAndWords(of: subject, as: access)
        guard ids.count <= ErasureSubject.most else {
            throw StoreError(
                .invalid,
                field: "/" + subject.name,
                "More than \(ErasureSubject.most) leads have it, so it does not identify one person.",
                remedy: "Erase leads by their ids."
            )
        }
        let rules = try await rules(mentioning: values, as: access)
        let parameters: Parameters = [
            "leads": .uuids(ids),
            "workspace": .uuid(access.workspaceID),
            "actor": .text(actor),
            "kind": .text(subject.name),
            "value": .text(subject.value),
            "forgets_identity": .bool(forgetting),
        ]
        let erasure = try await erase(parameters, isRehearsal: isRehearsal, rules: rules, actor: actor)
        let busy = erasure.leads.filter { $0.outcome == .busy }.map(\.id.text)
        guard busy.isEmpty || isRehearsal else {
            throw StoreError(
                .conflict,
                "Another program has locked lead \(busy[0])\(busy.count > 1 ? " and \(busy.count - 1) more" : ""); nothing was erased.",
                remedy: "Repeat the request once it is routed, or after five minutes, when the lock is stale."
            )
        }
        return erasure
    }

    /// The leads of a person, and the words by which rules may name them.
    private func leadsAndWords(of subject: ErasureSubject, as access: Access) async throws -> ([UUID], [String]) {
        switch subject {
        case .lead(let id):
            guard let record = try await LeadsStore(session).find(id, as: access) else {
                throw StoreError(.notFound, "This lead does not exist, or this key may not see it.")
            }
            return ([id], [record.lead.email, record.lead.phone].compactMap(\.self))
        case .email(let text): return try await leads(having: .email, text, as: access)
        case .phone(let text): return try await leads(having: .phone, text, as: access)
        }
    }

    private func leads(
        having kind: LeadIdentity.Kind,
        _ text: String,
        as access: Access
    ) async throws -> ([UUID], [String]) {
        guard let normalised = LeadIdentity.normalised(kind, text) else {
            throw StoreError(
                .invalid,
                field: "/" + kind.rawValue,
                kind == .email ? "This is not an email address." : "This is not a phone number.",
                remedy: "Send it as in a lead, in any notation."
            )
        }
        return (try await find(kind.rawValue, text, as: access), [text, normalised])
    }

    private func erase(
        _ parameters: Parameters,
        isRehearsal: Bool,
        rules: [UUID],
        actor: String
    ) async throws -> Erasure {
        var erasure = Erasure(rules: rules)
        do {
            try await session.pool.withTransaction { connection in
                var done = Erasure(rules: rules)
                try await StoreSession.record(actor, on: connection)
                for row in try await connection.query(Self.eraseLeads, parameters) {
                    done.examples = Int(try row.int64(2))
                    guard let id = try row.uuidIfPresent(0) else { continue }
                    done.leads.append(.init(id: id, outcome: .init(rawValue: try row.string(1)) ?? .none))
                }
                erasure = done
                if isRehearsal { throw RehearsalRollback() }
            }
        } catch is RehearsalRollback {}
        return erasure
    }

    /// The leads that have this address or number, among those that the caller may see.
    private func find(_ kind: String, _ value: String, as access: Access) async throws -> [UUID] {
        try await session.pool.withTransaction { connection in
            // One snapshot: a lead that is written meanwhile moves to another page.
            _ = try await connection.query(StoreSession.readOneSnapshot)
            let pages = try await connection.query(Self.pageCount).first?.int64(0) ?? 0
            var found: [UUID] = []
            var page: Int64 = 0
            while page < pages, found.count <= ErasureSubject.most {
                let parameters: Parameters = [
                    "kind": .text(kind),
                    "value": .text(value),
                    "workspace": .uuid(access.workspaceID),
                    "first_page": .int64(page),
                    "end_page": .int64(page + Self.pagesAtOnce),
                ]
                page += Self.pagesAtOnce
                found += try await connection.query(Self.findPerson, parameters).map { try $0.uuid(0) }
            }
            return found
        }
    }

    /// The rules whose conditions name an address or a number.
    private func rules(mentioning values: [String], as access: Access) async throws -> [UUID] {
        guard !values.isEmpty else { return [] }
        let parameters: Parameters = ["workspace": .uuid(access.workspaceID), "words": .texts(values)]
        return try await session.pool.query(Self.rulesMentioning, parameters).map { try $0.uuid(0) }
    }

    /// Ends a rehearsal.
    private struct RehearsalRollback: Error {}

    /// The pages of 128 MB.
    private static let pagesAtOnce: Int64 = 16_384
    /// Of a partitioned table, the pages of its largest part: each part has its own page numbers.
    static let pageCount = Statement(
        "pages_of_leads",
        """
        SELECT max(pg_relation_size(c)) / current_setting('block_size')::bigint + 1
        FROM (
            SELECT 'public.leads'::regclass UNION ALL
            SELECT t.relid FROM pg_catalog.pg_partition_tree('public.leads') t
        ) p (c)
        """
    )
    static let findPerson = Statement(
        "find_person",
        "SELECT f FROM switchyard.find_person(:kind, :value, :workspace, :first_page, :end_page) f"
    )
    static let eraseLeads = Statement(
        "erase_leads",
        "SELECT lead_id, outcome, examples FROM switchyard.erase_leads(:leads, :workspace, :actor, :kind, :value, :forgets_identity)"
    )
    static let rulesMentioning = Statement(
        "rules_mentioning",
        """
        SELECT r.id FROM public.lead_routing_rules r
        WHERE (:workspace::uuid IS NULL OR r.workspace_id = :workspace)
            AND EXISTS (SELECT FROM unnest(:words::text[]) v WHERE strpos(lower(r.conditions::text), lower(v)) > 0)
        ORDER BY r.id
        """
    )
}
