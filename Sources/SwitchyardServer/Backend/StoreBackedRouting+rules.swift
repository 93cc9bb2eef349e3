import FoundationEssentials
import LeadStore
import Postgres
import RoutingRules
import Web

extension StoreBackedRouting {
    func workspaces(as principal: Principal) async throws -> [StoredWorkspace] {
        try await tellingCaller {
            try await stores.workspaces.workspaces(as: principal.access).map(StoredWorkspace.init)
        }
    }

    func workspace(_ id: UUID, as principal: Principal) async throws -> StoredWorkspace? {
        try await tellingCaller {
            try await stores.workspaces.workspace(id, as: principal.access).map(StoredWorkspace.init)
        }
    }

    func createWorkspace(
        id: UUID?,
        _ fields: WorkspaceFields,
        as principal: Principal
    ) async throws -> StoredWorkspace {
        try await tellingCaller {
            StoredWorkspace(
                try await stores.by(principal.id)
                    .workspaces.createWorkspace(id: id ?? UUID.new(), WorkspaceChange(fields), as: principal.access)
            )
        }
    }

    func changeWorkspace(
        _ id: UUID,
        _ fields: WorkspaceFields,
        as principal: Principal
    ) async throws -> StoredWorkspace {
        try await tellingCaller {
            StoredWorkspace(
                try await stores.by(principal.id).workspaces
                    .changeWorkspace(id, WorkspaceChange(fields), as: principal.access)
            )
        }
    }

    func deleteWorkspace(_ id: UUID, as principal: Principal) async throws -> Bool {
        try await tellingCaller {
            try await stores.by(principal.id).workspaces.deleteWorkspace(id, as: principal.access)
        }
    }

    func rules(of owner: UUID?, as principal: Principal) async throws -> [StoredRule] {
        try await tellingCaller { try await stores.rules.rules(of: owner, as: principal.access).map(StoredRule.init) }
    }

    func rule(_ id: UUID, as principal: Principal) async throws -> StoredRule? {
        try await tellingCaller { try await stores.rules.rule(id, as: principal.access).map(StoredRule.init) }
    }

    func createRule(
        id: UUID?,
        owner: UUID?,
        _ fields: RuleFields,
        as principal: Principal
    ) async throws -> StoredRule {
        try await tellingCaller {
            StoredRule(
                try await stores.by(principal.id)
                    .rules.createRule(id: id ?? UUID.new(), owner: owner, RuleChange(fields), as: principal.access)
            )
        }
    }

    func changeRule(_ id: UUID, _ fields: RuleFields, as principal: Principal) async throws -> StoredRule {
        try await tellingCaller {
            StoredRule(try await stores.by(principal.id).rules.changeRule(id, RuleChange(fields), as: principal.access))
        }
    }

    func deleteRule(_ id: UUID, as principal: Principal) async throws -> Bool {
        try await tellingCaller { try await stores.by(principal.id).rules.deleteRule(id, as: principal.access) }
    }

    func agreements(as principal: Principal) async throws -> [StoredAgreement] {
        try await tellingCaller {
            try await stores.agreements.agreements(as: principal.access).map(StoredAgreement.init)
        }
    }

    func grant(
        _ agreement: RoutingAgreement,
        as principal: Principal
    ) async throws -> (agreement: StoredAgreement, isNew: Bool) {
        try await tellingCaller {
            let isNew = try await stores.by(principal.id).agreements.grant(agreement, as: principal.access)
            guard
                let record = try await stores.agreements.agreements(as: principal.access)
                    .first(where: { $0.agreement == agreement })
            else { throw BackendError.notFound("The agreement was ended at the same moment.") }
            return (StoredAgreement(record), isNew)
        }
    }

    func revoke(_ agreement: RoutingAgreement, as principal: Principal) async throws -> Bool {
        try await tellingCaller { try await stores.by(principal.id).agreements.revoke(agreement, as: principal.access) }
    }
}

extension WorkspaceChange {
    init(_ fields: WorkspaceFields) {
        self.init()
        name = fields.name
        type = fields.type
        isActive = fields.isActive
        isPaused = fields.isPaused
        unmatchedPolicy = fields.unmatchedPolicy
        capacity = fields.capacity
    }
}

extension RuleChange {
    init(_ fields: RuleFields) {
        self.init()
        name = fields.name
        priority = fields.priority
        isActive = fields.isActive
        conditions = fields.conditions
        destinationWorkspaceID = fields.destinationWorkspaceID
        distribution = fields.distribution
    }
}

extension StoredWorkspace {
    init(_ record: WorkspaceRecord) {
        self.init(
            workspace: record.workspace,
            createdAt: record.createdAt.microsecondsSinceUnixEpoch,
            updatedAt: record.updatedAt?.microsecondsSinceUnixEpoch
        )
    }
}

extension StoredRule {
    init(_ record: RuleRecord) {
        self.init(rule: record.rule, updatedAt: record.updatedAt?.microsecondsSinceUnixEpoch)
    }
}

extension StoredAgreement {
    init(_ record: AgreementRecord) {
        self.init(agreement: record.agreement, createdAt: record.createdAt.microsecondsSinceUnixEpoch)
    }
}
