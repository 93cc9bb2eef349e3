import FoundationEssentials
import JSON
import LeadStore
import Postgres
import RoutingRules
import Web

extension StoreBackedRouting {
    func ruleSet(of owner: UUID?, _ state: RuleSetState, as principal: Principal) async throws -> StoredRuleSet {
        try await tellingCaller {
            switch state {
            case .live:
                return StoredRuleSet(
                    document: try await stores.ruleSets.ruleSet(of: owner, as: principal.access).document
                )
            case .version(let version):
                let then = try await stores.ruleSets.ruleSet(of: owner, asOf: version, as: principal.access)
                return StoredRuleSet(document: then.document)
            case .draft:
                guard let draft = try await stores.drafts.draft(of: owner, as: principal.access) else {
                    throw BackendError.notFound("There is no draft.")
                }
                return StoredRuleSet(draft)
            }
        }
    }

    func ruleSetVersions(
        of owner: UUID?,
        before: Int64?,
        limit: Int,
        as principal: Principal
    ) async throws -> [StoredRuleSetVersion] {
        try await tellingCaller {
            try await stores.ruleSets.ruleSetVersions(of: owner, before: before, limit: limit, as: principal.access)
                .map { summary in
                    StoredRuleSetVersion(
                        version: summary.version.version,
                        changedAt: summary.version.changedAt.microsecondsSinceUnixEpoch,
                        actor: summary.version.actor,
                        action: summary.version.action.rawValue,
                        note: summary.version.note,
                        rules: summary.rules,
                        changes: RuleSetChanges(
                            added: summary.added,
                            changed: summary.changed,
                            removed: summary.removed
                        )
                    )
                }
        }
    }

    func saveDraft(
        _ tree: JSONValue,
        of owner: UUID?,
        checking: Bool,
        as principal: Principal
    ) async throws -> StoredRuleSet {
        try await tellingCaller {
            let workspaces = try await stores.workspaces.workspaces(as: principal.access).map(\.workspace)
            let document = try RuleSetDocument(WorkspaceNaming(workspaces).resolved(tree))
            let draft = try await stores.by(principal.id)
                .drafts.saveDraft(document, of: owner, checking: checking, as: principal.access)
            return StoredRuleSet(draft)
        }
    }

    func deleteDraft(of owner: UUID?, as principal: Principal) async throws -> Bool {
        try await tellingCaller { try await stores.drafts.deleteDraft(of: owner, as: principal.access) }
    }

    func publishDraft(
        of owner: UUID?,
        expected: Int64?,
        note: String?,
        as principal: Principal
    ) async throws -> StoredPublication {
        try await tellingCaller {
            StoredPublication(
                try await stores.by(principal.id)
                    .publishing.publishRuleSet(of: owner, expected: expected, note: note, as: principal.access)
            )
        }
    }

    func returnRuleSet(
        of owner: UUID?,
        to version: Int64,
        note: String?,
        as principal: Principal
    ) async throws -> StoredPublication {
        try await tellingCaller {
            StoredPublication(
                try await stores.by(principal.id)
                    .publishing.returnRuleSet(to: version, of: owner, note: note, as: principal.access)
            )
        }
    }
}

extension StoredRuleSet {
    init(_ draft: RuleSetDraft) {
        self.init(
            document: draft.document,
            updatedAt: draft.updatedAt.microsecondsSinceUnixEpoch,
            updatedBy: draft.updatedBy
        )
    }
}

extension StoredPublication {
    init(_ publication: RuleSetPublication) {
        self.init(
            version: publication.version,
            changes: RuleSetChanges(
                added: Int64(publication.added),
                changed: Int64(publication.changed),
                removed: Int64(publication.removed)
            )
        )
    }
}

extension BackendError {
    /// What it means for the caller that a rule set is not published.
    init(_ refusal: RuleSetRefusal) {
        switch refusal {
        case .moved: self = .conflict(reason: refusal.description, remedy: refusal.remedy)
        case .noDraft: self = .notFound(refusal.description)
        case .problems(let problems): self.init(DocumentProblems(problems))
        }
    }

    /// What it means for the caller that a document is wrong.
    init(_ error: DocumentProblems) {
        self = .invalid(
            error.problems.map { FieldProblem(field: $0.path, message: $0.message, remedy: $0.remedy) }
        )
    }
}
