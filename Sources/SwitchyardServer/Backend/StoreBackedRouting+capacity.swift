import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import Web

extension StoreBackedRouting {
    func returnLead(
        _ id: UUID,
        reason: String?,
        sendsOn: Bool,
        as principal: Principal
    ) async throws -> ReturnedLead {
        try await tellingCaller {
            let outcome = try await LeadReturn(stores: stores, rules: waiting.rules)(
                id,
                reason: reason,
                sendsOn: sendsOn,
                actor: principal.id,
                as: principal.access
            )
            // Who gave it back does not learn who has it now.
            return ReturnedLead(
                id: id,
                isSentOn: outcome.matchedRuleID != nil,
                destinationWorkspaceID: principal.workspaceID == nil ? outcome.destinationWorkspaceID : nil
            )
        }
    }

    func capacityUsage(of workspace: UUID, as principal: Principal) async throws -> StoredUsage? {
        try await tellingCaller {
            try await stores.capacity.capacityUsage(of: workspace, as: principal.access)
                .map { usage in
                    StoredUsage(
                        timeZone: usage.capacity.timeZone,
                        isOpen: usage.isOpen,
                        opensAt: usage.opensAt?.text,
                        lines: usage.lines.map { .init(cap: $0.cap, used: $0.used, endsAt: $0.endsAt) }
                    )
                }
        }
    }

    func assignees(of workspace: UUID, as principal: Principal) async throws -> [Assignee] {
        try await tellingCaller { try await stores.assignees.assignees(of: workspace, as: principal.access) }
    }

    func createAssignee(
        id: UUID?,
        of workspace: UUID,
        _ fields: AssigneeFields,
        as principal: Principal
    ) async throws -> Assignee {
        try await tellingCaller {
            try await stores.by(principal.id)
                .assignees
                .createAssignee(id: id ?? UUID.new(), of: workspace, AssigneeChange(fields), as: principal.access)
        }
    }

    func changeAssignee(
        _ id: UUID,
        of workspace: UUID,
        _ fields: AssigneeFields,
        as principal: Principal
    ) async throws -> Assignee {
        try await tellingCaller {
            try await stores.by(principal.id)
                .assignees.changeAssignee(id, of: workspace, AssigneeChange(fields), as: principal.access)
        }
    }

    func deleteAssignee(_ id: UUID, of workspace: UUID, as principal: Principal) async throws -> Bool {
        try await tellingCaller {
            try await stores.by(principal.id).assignees.deleteAssignee(id, of: workspace, as: principal.access)
        }
    }
}

extension AssigneeChange {
    init(_ fields: AssigneeFields) {
        self.init()
        name = fields.name
        weight = fields.weight.map(Int64.init)
        caps = fields.caps
        absentFrom = fields.absentFrom
        absentUntil = fields.absentUntil
        isActive = fields.isActive
    }
}
