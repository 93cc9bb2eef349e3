package import FoundationEssentials
package import JSON
package import LeadStore
package import RoutingRules

/// Requests about single rules.
package struct RuleRequests: Sendable {
    let stores: Stores
    /// Where analyses run.
    let analyses: AnalysisPool
    /// How long an analysis may take.
    var timeLimit = WorkLimit.usual

    /// The rules that the caller may see, in evaluation order.
    ///
    /// - Parameters:
    ///   - owner: only the rules of this workspace; nil for all that the caller may see.
    ///   - caller: the caller; `rules:read`.
    /// - Returns: the rules.
    /// - Throws: ``RequestError``.
    package func list(of owner: UUID?, as caller: Caller) async throws -> [RuleRecord] {
        try caller.require(.rulesRead)
        return try await mappingErrors { try await stores.rules.list(of: owner, as: caller.access) }
    }

    /// One rule.
    ///
    /// - Throws: ``RequestError/noSuchRule``.
    package func find(_ id: UUID, as caller: Caller) async throws -> RuleRecord {
        try caller.require(.rulesRead)
        return try await mappingErrors {
            guard let rule = try await stores.rules.find(id, as: caller.access) else { throw RequestError.noSuchRule }
            return rule
        }
    }

    /// Creates a rule.
    ///
    /// - Parameters:
    ///   - id: the id that the client chose, so that it can repeat the request; nil for a generated one.
    ///   - owner: the rule's owner. A workspace's key creates rules of that workspace; nil from an administrator means
    ///     the platform.
    ///   - change: the values; name and destination are required.
    ///   - caller: the caller; `rules:write`.
    /// - Returns: the rule.
    /// - Throws: ``RequestError``; `.conflict` for an id that another object has.
    package func create(
        id: UUID? = nil,
        owner: UUID?,
        _ change: RuleChange,
        as caller: Caller
    ) async throws -> RuleRecord {
        try caller.require(.rulesWrite)
        if let own = caller.workspaceID, let owner, owner != own {
            throw RequestError.otherWorkspace(
                "A workspace's key creates rules of that workspace only.",
                remedy: "Omit workspaceId."
            )
        }
        return try await mappingErrors {
            try await stores.acting(as: caller.id)
                .rules.create(id: id ?? UUID.new(), owner: owner ?? caller.workspaceID, change, as: caller.access)
        }
    }

    /// Changes what is set in `change`.
    ///
    /// - Throws: ``RequestError``; `.preconditionFailed` for a rule that does not fit the precondition.
    package func change(
        _ id: UUID,
        _ change: RuleChange,
        if precondition: Precondition = .none,
        as caller: Caller
    ) async throws -> RuleRecord {
        try caller.require(.rulesWrite)
        return try await mappingErrors {
            try await stores.acting(as: caller.id).rules.change(id, change, if: precondition, as: caller.access)
        }
    }

    /// Deletes a rule.
    ///
    /// - Throws: ``RequestError/noSuchRule``; `.preconditionFailed` for a rule that does not fit the precondition.
    package func delete(_ id: UUID, if precondition: Precondition = .none, as caller: Caller) async throws {
        try caller.require(.rulesWrite)
        try await mappingErrors {
            let rules = stores.acting(as: caller.id).rules
            guard try await rules.delete(id, if: precondition, as: caller.access) else {
                throw RequestError.noSuchRule
            }
        }
    }

    /// Analyses rules without leads.
    ///
    /// - Parameters:
    ///   - owner: only the rules of this workspace; nil for all. A workspace's key gets that workspace's rules only.
    ///   - caller: the caller; `rules:read`.
    /// - Returns: the findings.
    /// - Throws: ``RequestError/noSuchWorkspace``.
    package func lint(of owner: UUID?, as caller: Caller) async throws -> RuleLintReport {
        try caller.require(.rulesRead)
        return try await mappingErrors {
            let owner = caller.workspaceID ?? owner
            if let owner, try await stores.workspaces.find(owner, as: caller.access) == nil {
                throw RequestError.noSuchWorkspace
            }
            return try await analyses.run(for: caller) { stores in
                let limit = WorkLimit(timeLimit)
                let rules =
                    if let owner { try await stores.ruleSets.load(of: owner) } else { try await stores.ruleSets.load() }
                let lint = RuleLint(rules, for: caller.reader)
                var report =
                    owner.map { lint.report(on: $0, until: limit.isOver) } ?? lint.report(until: limit.isOver)
                try Task.checkCancellation()
                report.add(notices: try await stores.rules.notices(of: owner), about: rules.rules)
                return report
            }
        }
    }

    /// What would be wrong with rules if a document were published now; nothing is stored.
    ///
    /// - Parameters:
    ///   - tree: the document, workspaces by id or by name.
    ///   - owner: whose rules it replaces; nil: the platform's. Everything else is as it is live.
    ///   - caller: the caller; `rules:read`. A workspace's key checks documents of that workspace only.
    /// - Returns: the findings about the rules of the document.
    /// - Throws: ``RequestError``; `.invalid` with every place of the document that is wrong.
    package func lint(_ tree: JSONValue, of owner: UUID?, as caller: Caller) async throws -> RuleLintReport {
        try caller.require(.rulesRead)
        guard caller.isAdministrator || owner == caller.workspaceID else {
            throw RequestError.otherWorkspace(
                "A workspace's key checks the rules of that workspace only.",
                remedy: "Omit workspaceId."
            )
        }
        return try await mappingErrors {
            let workspaces = try await stores.workspaces.list(as: caller.access).map(\.workspace)
            let document = try RuleSetDocument(WorkspaceNaming(workspaces).resolved(tree))
            return try await analyses.run(for: caller) { stores in
                let limit = WorkLimit(timeLimit)
                let live = try await stores.ruleSets.load(of: owner)
                let report = RuleLint(live.publishing(document, of: owner), for: caller.reader)
                    .report(on: owner, until: limit.isOver)
                try Task.checkCancellation()
                return report
            }
        }
    }

    /// The findings about a rule that the caller has just saved; empty if it was deleted.
    ///
    /// - Throws: ``RequestError``.
    package func warnings(about rule: RoutingRule, as caller: Caller) async throws -> [RuleFinding] {
        try caller.require(.rulesWrite)
        return try await mappingErrors {
            try await analyses.run(for: caller) { stores in
                RuleLint(try await stores.ruleSets.load(of: rule.workspaceID), for: caller.reader)
                    .report(on: rule.workspaceID, about: rule.id, until: WorkLimit(timeLimit).isOver)
                    .findings
            }
        }
    }

    /// Simulates leads under other rules; nothing is written.
    ///
    /// - Parameters:
    ///   - request: the rules and the leads. A workspace's key simulates that workspace's rules and leads; nil as the
    ///     owner from an administrator means the platform's rules and all leads.
    ///   - draftName: the name of the other rules in the report; nil for a default.
    ///   - caller: the caller; `rules:read` and, since leads are decided and named, `leads:read`.
    /// - Returns: the report.
    /// - Throws: ``RequestError``; `.tooManyAnalyses` while others of the workspace wait.
    package func simulate(
        _ request: SimulationRequest,
        draftName: String? = nil,
        as caller: Caller
    ) async throws -> SimulationReport {
        try caller.require(.rulesRead)
        try caller.require(.leadsRead)
        if let own = caller.workspaceID, let owner = request.owner, owner != own {
            throw RequestError.otherWorkspace(
                "A workspace's key simulates the rules of that workspace only.",
                remedy: "Omit workspaceId."
            )
        }
        return try await mappingErrors {
            var request = request
            request.owner = caller.workspaceID ?? request.owner
            if let owner = request.owner, try await stores.workspaces.find(owner, as: caller.access) == nil {
                throw RequestError.invalid([
                    FieldProblem(
                        field: "workspaceId",
                        message: "This workspace does not exist, or this key may not see it."
                    )
                ])
            }
            return try await analyses.run(for: caller) { [request] stores in
                try await RuleSimulator(stores: stores, timeLimit: timeLimit)
                    .run(request, draftName: draftName, as: caller.access)
            }
        }
    }
}
