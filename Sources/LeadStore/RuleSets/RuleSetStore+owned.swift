package import FoundationEssentials
import JSON
import Postgres
import RoutingRules

extension RuleSetStore {
    /// The current rules and golden leads of an owner.
    ///
    /// - Parameters:
    ///   - owner: the owner; nil for the platform.
    ///   - access: the caller's access; a workspace's key sees its own.
    /// - Returns: the rule set.
    /// - Throws: `StoreError` for an owner that does not exist, or is not the caller's.
    package func owned(by owner: UUID?, as access: Access) async throws -> OwnedRuleSet {
        try await check(owner, for: access)
        return try await session.pool.withTransaction { connection in
            _ = try await connection.query(StoreSession.readOneSnapshot)
            try await StoreSession.become(access, on: connection)
            return try await Self.liveRuleSet(of: owner, on: connection)
        }
    }

    /// The rules and golden leads of an owner at a version.
    package func owned(by owner: UUID?, asOf version: Int64, as access: Access) async throws -> OwnedRuleSet {
        try await check(owner, for: access)
        let values: Parameters = ["version": .int64(version), "owner": .uuid(owner ?? RuleSetVersion.platform)]
        return try await session.pool.withTransaction { connection in
            _ = try await connection.query(StoreSession.readOneSnapshot)
            guard let known = try await connection.query(Self.isRecorded, ["version": .int64(version)]).first,
                try known.bool(0)
            else {
                throw StoreError(.notFound, "Version \(version) was not kept.")
            }
            try await StoreSession.become(access, on: connection)
            return OwnedRuleSet(
                owner: owner,
                version: version,
                document: RuleSetDocument(
                    version: version,
                    rules: try await connection.query(Self.ownRulesThen, values).map { try RuleRecord($0).rule },
                    goldenLeads: try await connection.query(Self.ownGoldenThen, values).map(Self.golden)
                )
            )
        }
    }

    /// An owner's versions, newest first, each with its changes.
    ///
    /// - Parameters:
    ///   - owner: the owner.
    ///   - place: where the page lies; nil for the first page.
    ///   - limit: the most that are returned.
    ///   - access: the caller's access.
    /// - Returns: the versions.
    /// - Throws: `StoreError` for an owner that does not exist, or is not the caller's.
    package func versions(
        of owner: UUID?,
        at place: PagePlace<Int64>? = nil,
        limit: Int,
        as access: Access
    ) async throws -> [RuleSetVersionSummary] {
        try await check(owner, for: access)
        var before: Int64?
        var after: Int64?
        switch place {
        case .after(let version)?: before = version
        case .before(let version)?: after = version
        case nil: break
        }
        let parameters: Parameters = [
            "owner": .uuid(owner ?? RuleSetVersion.platform),
            "before": .int64(before),
            "after": .int64(after),
            "limit": .int64(Int64(limit)),
        ]
        return try await session.run(Self.listVersions, parameters, as: access)
            .map { row in
                RuleSetVersionSummary(
                    version: try RuleSetVersion(row),
                    rules: try row.int64(6),
                    added: try row.int64(7),
                    changed: try row.int64(8),
                    removed: try row.int64(9)
                )
            }
    }

    /// Refuses an owner that is not the caller's, or does not exist.
    func check(_ owner: UUID?, for access: Access) async throws {
        if let own = access.workspaceID {
            guard owner == own else {
                throw StoreError(.forbidden, "A workspace's key accesses the rules of that workspace only.")
            }
        } else if let owner, try await WorkspaceStore(session).find(owner, as: .administrator) == nil {
            throw StoreError(.notFound, "This workspace does not exist.")
        }
    }

    /// An owner's rules, on a connection whose transaction makes them consistent.
    static func liveRuleSet(of owner: UUID?, on connection: PostgresConnection) async throws -> OwnedRuleSet {
        let values: Parameters = ["owner": .uuid(owner)]
        let version = try await version(of: owner, on: connection)
        return OwnedRuleSet(
            owner: owner,
            version: version,
            document: RuleSetDocument(
                version: version,
                rules: try await connection.query(Self.ownRules, values).map { try RuleRecord($0).rule },
                goldenLeads: try await connection.query(Self.ownGolden, values).map(Self.golden)
            )
        )
    }

    /// The newest version that changed an owner's rules; 0 if none since history began.
    static func version(of owner: UUID?, on connection: PostgresConnection) async throws -> Int64 {
        try await connection.query(Self.ownVersion, ["owner": .uuid(owner ?? RuleSetVersion.platform)]).first?.int64(0)
            ?? 0
    }

    static func golden(_ row: Row) throws -> GoldenLead {
        guard let tree = JSONValue(json: try row.string(1)) else { throw DraftStore.unreadableDocument }
        var lead = try GoldenLead(tree)
        lead.id = try row.uuid(0)
        return lead
    }

    static let ownVersion = Statement(
        "own_rule_set_version",
        "SELECT coalesce(max(v.version), 0) FROM switchyard.rule_set_versions v WHERE v.owners @> ARRAY[:owner::uuid]"
    )
    static let ownRules = Statement(
        "own_rules",
        """
        SELECT \(RuleRecord.columns) FROM public.lead_routing_rules r WHERE r.workspace_id IS NOT DISTINCT FROM :owner
        """
    )
    static let ownGolden = Statement(
        "own_golden_leads",
        """
        SELECT g.id, g.content FROM switchyard.golden_leads g WHERE g.workspace_id IS NOT DISTINCT FROM :owner
        ORDER BY g.position, g.id
        """
    )
    static let ownRulesThen = Statement(
        "own_rules_then",
        "SELECT \(RuleRecord.columns) FROM \(rows(of: "public.lead_routing_rules", as: "r")) AND h.owner = :owner"
    )
    static let ownGoldenThen = Statement(
        "own_golden_leads_then",
        """
        SELECT g.id, g.content FROM \(rows(of: "switchyard.golden_leads", as: "g")) AND h.owner = :owner
        ORDER BY g.position, g.id
        """
    )
    static let listVersions = Statement("list_rule_set_versions", Embedded.listRuleSetVersions)
}
