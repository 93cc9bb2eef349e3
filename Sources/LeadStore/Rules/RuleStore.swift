package import FoundationEssentials
import JSON
import Postgres
package import RoutingRules

/// The changes of a rule; nil leaves a field unchanged.
package struct RuleChange: Sendable, Hashable {
    /// Its name.
    package var name: String?
    /// Its priority: the highest first.
    package var priority: Int32?
    /// Whether it is active.
    package var isActive: Bool?
    /// Its conditions.
    package var conditions: RuleConditions?
    /// Its destination.
    package var destinationWorkspaceID: UUID?
    /// Its distribution; `.some(nil)` removes it.
    package var distribution: Distribution??

    /// An empty change.
    package init() {}
}

/// Single routing rules.
package struct RuleStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// All rules that the caller may see, in evaluation order.
    ///
    /// - Parameters:
    ///   - owner: only the rules of this workspace.
    ///   - access: the caller's access.
    /// - Returns: the rules.
    /// - Throws: `PostgresError`, if the database fails.
    package func list(of owner: UUID? = nil, as access: Access) async throws -> [RuleRecord] {
        let parameters: Parameters = ["owner": .uuid(access.workspaceID ?? owner)]
        return try await session.run(Self.listRules, parameters, as: access).map(RuleRecord.init)
    }

    /// One rule, or nil if it does not exist or the caller may not see it.
    package func find(_ id: UUID, as access: Access) async throws -> RuleRecord? {
        try await session.run(Self.oneRule, ["id": .uuid(id)], as: access).first.map(RuleRecord.init)
    }

    /// Creates a rule; when this returns, decisions on every node use it.
    ///
    /// - Parameters:
    ///   - id: the new rule's id; a repeated call with the same rule creates it once (`createOnce(_:stored:isSame:)`).
    ///   - owner: its owner; nil for a rule of the platform, which only administrators may create.
    ///   - change: name and destination are required.
    ///   - access: the caller's access. A workspace may create its own rules, to destinations that have agreed.
    /// - Returns: the stored rule.
    /// - Throws: `StoreError` naming the field.
    package func create(
        id: UUID,
        owner: UUID?,
        _ change: RuleChange,
        as access: Access
    ) async throws -> RuleRecord {
        if let own = access.workspaceID, owner != own {
            throw StoreError(
                .forbidden,
                field: "/workspaceId",
                "A workspace's key creates rules of that workspace only."
            )
        }
        guard change.name != nil else { throw StoreError(.invalid, field: "/name", "A rule needs a name.") }
        try change.checkDestinationOfPool()
        let change = change.withDestinationOfPool
        guard change.destinationWorkspaceID != nil else {
            throw StoreError(.invalid, field: "/destinationWorkspaceId", "A rule needs a destination.")
        }
        if let owner, access == .administrator, try await WorkspaceStore(session).find(owner, as: access) == nil {
            throw StoreError.noSuchWorkspace("/workspaceId")
        }
        try await check(change, as: access)
        let parameters = Self.parameters(id, of: owner, change)
        return try await session.createOnce {
            let rows = try await session.write(Self.insertRule, parameters, as: access, fields: Self.ruleFields)
            guard let row = rows.first else { throw StoreError(.forbidden, "This key may not create that rule.") }
            return try RuleRecord(row)
        } stored: {
            try await find(id, as: access)
        } isSame: {
            change.makes($0, of: owner)
        }
    }

    /// Changes a rule; when this returns, decisions on every node use it.
    ///
    /// - Throws: `StoreError` naming the field: a destination alone is refused for a rule with a pool, whose members
    ///   are its destinations. ``PreconditionFailure``, if the rule does not fit the precondition.
    package func change(
        _ id: UUID,
        _ change: RuleChange,
        if precondition: Precondition = .none,
        as access: Access
    ) async throws -> RuleRecord {
        try change.checkDestinationOfPool()
        let change = change.withDestinationOfPool
        try await check(change, as: access)
        let parameters = Self.parameters(id, of: access.workspaceID, change, if: precondition)
        let rows = try await session.write(Self.updateRule, parameters, as: access, fields: Self.ruleFields)
        guard let row = rows.first else {
            let stored = try await find(id, as: access)
            if let stored, !precondition.fits(stored.version) { throw PreconditionFailure(current: stored.version) }
            guard stored?.rule.distribution?.pool != nil else {
                throw StoreError(.notFound, "This rule does not exist.")
            }
            throw StoreError(
                .invalid,
                field: "/destinationWorkspaceId",
                "This rule has a pool, so a destination alone would have no effect.",
                remedy: "Send distribution with other members, or with pool null and one destination."
            )
        }
        return try RuleRecord(row)
    }

    /// Deletes a rule; leads that it matched keep its id.
    ///
    /// - Returns: whether it existed.
    /// - Throws: ``PreconditionFailure``, if the rule does not fit the precondition.
    package func delete(_ id: UUID, if precondition: Precondition = .none, as access: Access) async throws -> Bool {
        let parameters: Parameters = [
            "id": .uuid(id),
            "owner": .uuid(access.workspaceID),
            "versions": .timestamps(precondition.versions),
        ]
        if try await !session.write(Self.removeRule, parameters, as: access).isEmpty { return true }
        guard precondition != .none, let stored = try await find(id, as: access) else { return false }
        if !precondition.fits(stored.version) { throw PreconditionFailure(current: stored.version) }
        return false
    }

    /// Checks a rule before it is saved.
    private func check(_ change: RuleChange, as access: Access) async throws {
        if let name = change.name, name.isEmpty || name.utf8.count > 200 {
            throw StoreError(.invalid, field: "/name", "A name must have 1 to 200 bytes.")
        }
        if let conditions = change.conditions {
            try Self.check(conditions)
        }
        if case .some(.some(let distribution)) = change.distribution {
            if let problem = distribution.problems.first {
                throw StoreError(.invalid, field: problem.field, problem.message, remedy: problem.remedy)
            }
            for (number, member) in (distribution.pool?.members ?? []).enumerated() {
                try await check(
                    destination: member.workspaceID,
                    "/distribution/pool/members/\(number)/workspaceId",
                    as: access
                )
            }
        }
        guard let destination = change.destinationWorkspaceID else { return }
        try await check(destination: destination, "/destinationWorkspaceId", as: access)
    }

    /// Refuses a workspace that may not be a destination.
    private func check(destination: UUID, _ field: String, as access: Access) async throws {
        switch access {
        case .administrator:
            guard try await WorkspaceStore(session).find(destination, as: access) != nil else {
                throw StoreError.noSuchWorkspace(field)
            }
        case .workspace(let own), .person(let own, _):
            guard destination != own else { return }
            // The same error whether the workspace does not exist or has not agreed.
            guard try await AgreementStore(session).hasAgreed(destination, toReceiveFrom: own, as: access) else {
                throw StoreError(
                    .invalid,
                    field: field,
                    "That workspace has not agreed to receive leads from this one.",
                    remedy: "Ask the receiver to agree first: POST /api/agreements with a key of its own."
                )
            }
        }
    }

    /// Refuses conditions that cannot be read, or are too many or too long.
    static func check(_ conditions: RuleConditions) throws {
        if let problem = conditions.problems.first {
            throw StoreError(
                .invalid,
                field: "/conditions\(problem.field)",
                problem.message,
                remedy: problem.remedy
            )
        }
        let lists = [
            ("industries", conditions.industries), ("company_sizes", conditions.companySizes),
            ("revenue_ranges", conditions.revenueRanges), ("countries", conditions.countries),
            ("us_states", conditions.usStates), ("regions", conditions.regions),
        ]
        for (name, values) in lists {
            if values.count > 1000 {
                throw StoreError(.invalid, field: "/conditions/\(name)", "A list can have at most 1,000 values.")
            }
            let isInvalid = { (value: String) in value.isEmpty || value.utf8.count > 200 || value.utf8.contains(0) }
            if let index = values.firstIndex(where: isInvalid) {
                throw StoreError(
                    .invalid,
                    field: "/conditions/\(name)/\(index)",
                    "A value must have 1 to 200 bytes and no NUL.",
                    remedy: "Shorten or remove it."
                )
            }
        }
    }

    /// The values of a rule; with a precondition for a change of one.
    private static func parameters(
        _ id: UUID,
        of owner: UUID?,
        _ change: RuleChange,
        if precondition: Precondition? = nil
    ) -> Parameters {
        var parameters: Parameters = [
            "id": .uuid(id),
            "owner": .uuid(owner),
            "name": .text(change.name),
            "priority": .int32(change.priority),
            "is_active": .bool(change.isActive),
            "conditions": .json(change.conditions?.json.json),
            "destination": .uuid(change.destinationWorkspaceID),
            "sets_distribution": .bool(change.distribution != nil),
            "distribution": .json(change.distribution.flatMap { $0 }?.settings.json),
        ]
        if let precondition { parameters.append("versions", .timestamps(precondition.versions)) }
        return parameters
    }

    private static let ruleFields = [
        "lead_routing_rules_destination_workspace_id_fkey": "/destinationWorkspaceId",
        "lead_routing_rules_workspace_id_fkey": "/workspaceId",
    ]
    static let listRules = Statement(
        "list_rules",
        """
        SELECT \(RuleRecord.columns) FROM public.lead_routing_rules r
        WHERE :owner::uuid IS NULL OR r.workspace_id = :owner
        ORDER BY r.priority DESC, r.created_at, r.id
        """
    )
    static let oneRule = Statement(
        "one_rule",
        "SELECT \(RuleRecord.columns) FROM public.lead_routing_rules r WHERE r.id = :id"
    )
    static let insertRule = Statement(
        "insert_rule",
        """
        INSERT INTO public.lead_routing_rules AS r
            (id, workspace_id, rule_name, priority, is_active, conditions, destination_workspace_id,
            distribution)
        VALUES (:id, :owner, :name, coalesce(:priority, 0), coalesce(:is_active, true), coalesce(:conditions, '{}'::jsonb), :destination, CASE WHEN :sets_distribution THEN :distribution::jsonb END)
        RETURNING \(RuleRecord.columns)
        """
    )
    static let updateRule = Statement(
        "update_rule",
        """
        UPDATE public.lead_routing_rules AS r SET
            rule_name = coalesce(:name, r.rule_name),
            priority = coalesce(:priority, r.priority),
            is_active = coalesce(:is_active, r.is_active),
            conditions = coalesce(:conditions, r.conditions),
            destination_workspace_id = coalesce(:destination::uuid, r.destination_workspace_id),
            distribution = CASE WHEN :sets_distribution THEN :distribution ELSE r.distribution END,
            updated_at = greatest(clock_timestamp(), r.updated_at + interval '1 microsecond')
        WHERE r.id = :id AND (:owner::uuid IS NULL OR r.workspace_id = :owner)
            AND (cardinality(:versions::timestamptz[]) = 0 OR coalesce(r.updated_at, r.created_at) = ANY (:versions))
            AND (:destination::uuid IS NULL OR :sets_distribution OR jsonb_typeof(r.distribution -> 'pool') IS DISTINCT FROM 'object')
        RETURNING \(RuleRecord.columns)
        """
    )
    static let removeRule = Statement(
        "remove_rule",
        """
        DELETE FROM public.lead_routing_rules
        WHERE id = :id AND (:owner::uuid IS NULL OR workspace_id = :owner)
            AND (cardinality(:versions::timestamptz[]) = 0 OR coalesce(updated_at, created_at) = ANY (:versions))
        RETURNING id
        """
    )
}

extension RuleChange {
    /// Refuses a destination that is not a member of the rule's pool, because it would be ignored.
    fileprivate func checkDestinationOfPool() throws {
        guard let destination = destinationWorkspaceID, let members = distribution.flatMap({ $0 })?.pool?.members,
            !members.isEmpty, !members.contains(where: { $0.workspaceID == destination })
        else { return }
        throw StoreError(
            .invalid,
            field: "/destinationWorkspaceId",
            "This workspace is not a member of the rule's pool.",
            remedy: "Omit it, or make it a member."
        )
    }

    /// The change with the pool's first member as the destination.
    fileprivate var withDestinationOfPool: RuleChange {
        guard let first = distribution.flatMap({ $0 })?.pool?.members.first else { return self }
        var change = self
        change.destinationWorkspaceID = first.workspaceID
        return change
    }
}
