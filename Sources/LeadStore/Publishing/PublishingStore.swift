package import FoundationEssentials
import JSON
import Postgres
package import RoutingRules

/// Publication of rule sets, return to an earlier version, and automatic rollback.
package struct PublishingStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// Publishes a document as an owner's rules: atomically, in one version, for all nodes.
    ///
    /// One transaction, in which no other session changes rules. Rules are matched by id, or else by name, so that an
    /// existing rule keeps its id and its age. 10,000 rules take about a second.
    ///
    /// - Parameters:
    ///   - document: the document; nil for the owner's draft, which is then deleted.
    ///   - owner: the owner.
    ///   - expected: the version that the caller expects to be current; nil for the one on which the document is based.
    ///   - note: the author's note.
    ///   - access: the caller's access.
    /// - Returns: the publication.
    /// - Throws: ``RuleSetRefusal``, or `StoreError`.
    package func publish(
        _ document: RuleSetDocument? = nil,
        of owner: UUID?,
        expected: Int64? = nil,
        note: String? = nil,
        as access: Access
    ) async throws -> RuleSetPublication {
        try await RuleSetStore(session).check(owner, for: access)
        let actor = session.actor ?? "command line"
        return try await refusing {
            try await session.pool.withTransaction { connection in
                try await StoreSession.record(actor, .publish, note: note, on: connection)
                _ = try await connection.query(Self.lockRules)
                let whose: Parameters = ["owner": .uuid(owner ?? RuleSetVersion.platform)]
                var published = document
                var saved: Timestamp?
                if published == nil {
                    guard let row = try await connection.query(DraftStore.oneDraft, whose).first else {
                        throw RuleSetRefusal.noDraft
                    }
                    let draft = try DraftStore.draft(row)
                    published = draft.document
                    saved = draft.updatedAt
                }
                guard let published else { throw RuleSetRefusal.noDraft }
                let version = try await RuleSetStore.version(of: owner, on: connection)
                for known in [expected, published.version] {
                    guard let known, known < version else { continue }
                    throw RuleSetRefusal.moved(basedOn: known, version: version)
                }
                let resolved = try await Self.rehearse(published, of: owner, as: access, on: connection)
                let done = try await Self.write(resolved, of: owner, on: connection)
                if let saved {
                    // A draft that was saved meanwhile is kept.
                    let unchanged: Parameters = [
                        "owner": .uuid(owner ?? RuleSetVersion.platform),
                        "versions": .timestamps([saved]),
                    ]
                    _ = try await connection.query(DraftStore.dropDraft, unchanged)
                }
                return RuleSetPublication(
                    version: try await RuleSetStore.version(of: owner, on: connection),
                    added: try done.int32(0),
                    changed: try done.int32(1),
                    removed: try done.int32(2)
                )
            }
        }
    }

    /// Restores an owner's rules and golden leads at an earlier version, as a new version.
    ///
    /// Golden leads are not tested, so that returning is quick. A rule whose destination has ended its agreement is
    /// restored too, and is skipped until the agreement is renewed.
    ///
    /// - Parameters:
    ///   - version: the earlier version.
    ///   - owner: the owner.
    ///   - note: a note for the history.
    ///   - access: the caller's access.
    /// - Returns: the publication.
    /// - Throws: `StoreError` for a version that was not kept.
    package func restore(
        version: Int64,
        of owner: UUID?,
        note: String? = nil,
        as access: Access
    ) async throws -> RuleSetPublication {
        try await RuleSetStore(session).check(owner, for: access)
        let actor = session.actor ?? "command line"
        let values: Parameters = ["owner": .uuid(owner), "version": .int64(version)]
        let said = note ?? "Back to version \(version)."
        return try await refusing {
            try await session.pool.withTransaction { connection in
                try await StoreSession.record(actor, .return, note: said, on: connection)
                guard let row = try await connection.query(Self.bringBack, values).first else {
                    throw StoreError(.notFound, "Version \(version) was not kept.")
                }
                return RuleSetPublication(
                    version: try await RuleSetStore.version(of: owner, on: connection),
                    added: try row.int32(1),
                    changed: try row.int32(2),
                    removed: try row.int32(3)
                )
            }
        }
    }

    /// The problems that would prevent the publication of a document now; nothing is changed.
    package func rehearse(_ document: RuleSetDocument, of owner: UUID?, as access: Access) async throws {
        try await RuleSetStore(session).check(owner, for: access)
        try await session.pool.withTransaction { connection in
            _ = try await connection.query(StoreSession.readOneSnapshot)
            _ = try await Self.rehearse(document, of: owner, as: access, on: connection)
        }
    }

    /// Matches a document with the current rules, and finds the problems that prevent its publication.
    static func rehearse(
        _ document: RuleSetDocument,
        of owner: UUID?,
        as access: Access,
        on connection: PostgresConnection
    ) async throws -> ResolvedRuleSet {
        let live = try await RuleSetStore.load(on: connection)
        let own = try await RuleSetStore.liveRuleSet(of: owner, on: connection)
        let resolved = ResolvedRuleSet(
            document,
            owner: owner,
            live: live.rules.filter { $0.workspaceID == owner },
            golden: own.document.goldenLeads,
            newID: { UUID() }
        )
        var problems = try obstacles(to: resolved, of: owner, live: live, as: access)
        if problems.isEmpty {
            let review = RuleSetReview(
                rules: resolved.rules,
                goldenLeads: resolved.goldenLeads,
                owner: owner,
                live: live,
                for: access.reader
            )
            problems = review.faults
            problems += review.failures.map { failure in
                FieldProblem(
                    field: "/goldenLeads/\(failure.index)",
                    message: failure.message,
                    remedy: "Fix the rules, or the golden lead if it is out of date."
                )
            }
        }
        guard problems.isEmpty else { throw RuleSetRefusal.problems(problems) }
        return resolved
    }

    /// Problems that the store itself would refuse, by their place in the document.
    private static func obstacles(
        to resolved: ResolvedRuleSet,
        of owner: UUID?,
        live: RuleSetSnapshot,
        as access: Access
    ) throws -> [FieldProblem] {
        var problems: [FieldProblem] = []
        let workspaces = Set(live.workspaces.map(\.id))
        let before = Dictionary(live.rules.map { ($0.id, $0) }) { first, _ in first }
        let agreements = Set(live.agreements)
        for (index, rule) in resolved.rules.enumerated() {
            let path = "/rules/\(index)"
            let old = before[rule.id]
            if let old, old.workspaceID != owner {
                problems.append(
                    FieldProblem(
                        field: path + "/id",
                        message: "A rule of another owner has this id.",
                        remedy: "Omit it."
                    )
                )
            }
            // A rule that is current already may stay, readable or not.
            if resolved.unchanged.contains(rule.id) { continue }
            do {
                try RuleStore.check(rule.conditions)
            } catch let error as StoreError {
                problems.append(
                    FieldProblem(field: path + (error.field ?? ""), message: error.message, remedy: error.remedy)
                )
            }
            for destination in rule.destinations where old?.destinations.contains(destination) != true {
                if let own = access.workspaceID {
                    let agreement = RoutingAgreement(receivingWorkspaceID: destination, sendingWorkspaceID: own)
                    guard destination != own, !agreements.contains(agreement) else { continue }
                    problems.append(
                        FieldProblem(
                            field: path + "/destination",
                            message: "That workspace has not agreed to receive leads from this one.",
                            remedy: "Ask the receiver to agree first: POST /api/agreements with a key of its own."
                        )
                    )
                } else if !workspaces.contains(destination) {
                    problems.append(
                        FieldProblem(field: path + "/destination", message: "This workspace does not exist.")
                    )
                }
            }
        }
        return problems
    }

    /// Writes the differences.
    private static func write(
        _ resolved: ResolvedRuleSet,
        of owner: UUID?,
        on connection: PostgresConnection
    ) async throws -> Row {
        let rules: Parameters = [
            "owner": .uuid(owner),
            "rules": .json("[" + resolved.rules.map { row(of: $0, in: resolved) }.joined(separator: ",") + "]"),
        ]
        guard let done = try await connection.query(Self.replaceRules, rules).first else {
            throw StoreError(.forbidden, "These rules cannot be published.")
        }
        let contents = resolved.goldenLeads.map { lead in
            var lead = lead
            lead.id = nil
            return lead.tree.json
        }
        let golden: Parameters = [
            "owner": .uuid(owner),
            "ids": .uuids(resolved.goldenLeads.map(\.id)),
            "contents": .json("[" + contents.joined(separator: ",") + "]"),
        ]
        _ = try await connection.query(Self.replaceGolden, golden)
        return done
    }

    /// A rule by its columns; an unchanged one by its id alone, so that it is not written again.
    private static func row(of rule: RoutingRule, in resolved: ResolvedRuleSet) -> String {
        var members: [JSONValue.Member] = [.init("id", .string(rule.id.text))]
        if !resolved.unchanged.contains(rule.id) {
            members += [
                .init("rule_name", .string(rule.name)), .init("priority", JSONValue(rule.priority)),
                .init("is_active", .bool(rule.isActive)),
                .init("conditions", rule.conditions.json.canonical),
                .init("destination_workspace_id", .string(rule.destinationWorkspaceID.text)),
                .init("distribution", rule.distribution?.settings ?? .null),
            ]
        }
        return JSONValue.object(members).json
    }

    private func refusing<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as PostgresError {
            if error.sqlState == "P0002" {
                throw StoreError(.notFound, "That version was not kept.")
            }
            throw StoreError(error) ?? error
        }
    }

    static let lockRules = Statement(
        "lock_rules",
        "SELECT version FROM switchyard.rule_set_version FOR UPDATE"
    )
    static let replaceRules = Statement(
        "replace_rules",
        "SELECT added, changed, removed FROM switchyard.replace_rules(:owner, :rules)"
    )
    static let replaceGolden = Statement(
        "replace_golden_leads",
        "SELECT switchyard.replace_golden_leads(:owner, :ids, :contents)"
    )
    static let bringBack = Statement(
        "bring_back",
        "SELECT version, added, changed, removed FROM switchyard.return_rule_set(:owner, :version)"
    )
}

extension RoutingRule {
    /// Every workspace that it may send a lead to.
    fileprivate var destinations: Set<UUID> {
        Set([destinationWorkspaceID] + (distribution?.pool?.members ?? []).map(\.workspaceID))
    }
}
