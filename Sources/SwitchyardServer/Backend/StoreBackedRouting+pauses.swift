import FoundationEssentials
import LeadStore
import Postgres
import Web

extension StoreBackedRouting {
    func pauseRouting(of workspace: UUID?, reason: String?, as principal: Principal) async throws -> Bool {
        try await tellingCaller {
            try await stores.pauses.pauseRouting(of: workspace, reason: reason, actor: principal.id)
        }
    }

    func resumeRouting(of workspace: UUID?, as principal: Principal) async throws -> Bool {
        try await tellingCaller { try await stores.pauses.resumeRouting(of: workspace, actor: principal.id) }
    }

    func routingPauses(as principal: Principal) async throws -> [StoredPause] {
        try await tellingCaller {
            try await stores.pauses.routingPauses(as: principal.access)
                .map { pause in
                    StoredPause(
                        workspaceID: pause.workspaceID,
                        since: pause.since.microsecondsSinceUnixEpoch,
                        actor: pause.actor,
                        reason: pause.reason
                    )
                }
        }
    }
}
