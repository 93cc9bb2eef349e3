import FoundationEssentials
import JSON
import RoutingRules
import Web

/// Rule sets that live in memory: one owner's versions and draft as one.
struct FakeRuleSets: Sendable {
    var versions: [RuleSetDocument] = [RuleSetDocument(version: 1, rules: [Rule](), goldenLeads: [])]
    var draft: RuleSetDocument?
    typealias Rule = RuleSetDocument.Rule
}

extension FakeBackend {
    func ruleSet(of owner: UUID?, _ state: RuleSetState, as principal: Principal) async throws -> StoredRuleSet {
        try withRuleSets { sets in
            switch state {
            case .live: return StoredRuleSet(document: sets.versions[sets.versions.count - 1])
            case .version(let version):
                guard let document = sets.versions.first(where: { $0.version == version }) else {
                    throw BackendError.notFound("There is no record of that version.")
                }
                return StoredRuleSet(document: document)
            case .draft:
                guard let draft = sets.draft else { throw BackendError.notFound("There is no draft.") }
                return StoredRuleSet(document: draft, updatedAt: 0, updatedBy: principal.id)
            }
        }
    }

    func ruleSetVersions(
        of owner: UUID?,
        before: Int64?,
        limit: Int,
        as principal: Principal
    ) async throws -> [StoredRuleSetVersion] {
        withRuleSets { sets in
            sets.versions.reversed().filter { ($0.version ?? 0) < before ?? .max }.prefix(limit)
                .map { document in
                    StoredRuleSetVersion(
                        version: document.version ?? 0,
                        changedAt: 0,
                        actor: principal.id,
                        action: "publish",
                        note: nil,
                        rules: Int64(document.rules.count),
                        changes: RuleSetChanges(added: 1, changed: 0, removed: 0)
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
        do {
            let document = try RuleSetDocument(tree)
            withRuleSets { $0.draft = document }
            return StoredRuleSet(document: document, updatedAt: 0, updatedBy: principal.id)
        } catch let error as DocumentProblems {
            throw BackendError.invalid(error.problems.map { FieldProblem(field: $0.path, message: $0.message) })
        }
    }

    func deleteDraft(of owner: UUID?, as principal: Principal) async throws -> Bool {
        withRuleSets { sets in
            defer { sets.draft = nil }
            return sets.draft != nil
        }
    }

    func publishDraft(
        of owner: UUID?,
        expected: Int64?,
        note: String?,
        as principal: Principal
    ) async throws -> StoredPublication {
        try withRuleSets { sets in
            guard var draft = sets.draft else { throw BackendError.notFound("There is no draft.") }
            let version = Int64(sets.versions.count)
            guard (expected ?? version) == version else {
                throw BackendError.conflict(reason: "The rules have changed.", remedy: "Look at the difference.")
            }
            draft.version = version + 1
            sets.versions.append(draft)
            sets.draft = nil
            return StoredPublication(version: version + 1, changes: RuleSetChanges(added: 1, changed: 0, removed: 0))
        }
    }

    func returnRuleSet(
        of owner: UUID?,
        to version: Int64,
        note: String?,
        as principal: Principal
    ) async throws -> StoredPublication {
        try withRuleSets { sets in
            guard var document = sets.versions.first(where: { $0.version == version }) else {
                throw BackendError.notFound("There is no record of that version.")
            }
            document.version = Int64(sets.versions.count + 1)
            sets.versions.append(document)
            return StoredPublication(
                version: document.version ?? 0,
                changes: RuleSetChanges(added: 0, changed: 0, removed: 1)
            )
        }
    }
}
