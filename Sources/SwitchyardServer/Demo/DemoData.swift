import FoundationEssentials
import LeadRouting
package import LeadStore
import RoutingRules

/// How to try the demo: a key, and whose it is.
package struct DemoAccess: Sendable {
    /// The key's token.
    package let token: String
    /// The workspace it speaks for.
    package let workspaceName: String
    /// The file that keeps the token.
    package let file: String
}

/// The demo's workspaces, rules and key.
package enum DemoData {
    /// Loads the demo into an empty database, and answers how to use it; nil when there is no demo.
    ///
    /// Unless SWITCHYARD_DEMO says otherwise, only the embedded PostgreSQL gets one: a database of the user's own does
    /// not fill with junk because a server was started.
    static func loadIfWanted(session: DatabaseSession) async throws -> DemoAccess? {
        let wanted = session.settings.demo ?? (session.settings.databaseURL == nil)
        guard wanted else { return nil }
        if try await session.stores.workspaces.workspaces(as: .administrator).isEmpty {
            session.terminal.error("Loading demo workspaces and rules …")
            try await load(DemoFile.builtIn(), into: session.stores)
        }
        return try await access(session: session)
    }

    /// Loads workspaces, agreements and rules; what is there already under the same id is left as it is.
    ///
    /// - Returns: how many of each were new.
    @discardableResult
    package static func load(
        _ file: DemoFile,
        into stores: Stores
    ) async throws -> (workspaces: Int, agreements: Int, rules: Int) {
        var counts = (workspaces: 0, agreements: 0, rules: 0)
        var fallbacks: [(UUID, UnmatchedPolicy)] = []
        for workspace in file.workspaces {
            guard try await stores.workspaces.workspace(workspace.id, as: .administrator) == nil else { continue }
            var change = WorkspaceChange()
            change.name = workspace.name
            change.type = workspace.type
            change.isActive = workspace.isActive
            if let capacity = workspace.capacity { change.capacity = .some(WorkspaceCapacity(capacity)) }
            let policy = try workspace.policy()
            // A fallback may name a workspace that comes later in the file.
            if case .fallback = policy {
                fallbacks.append((workspace.id, policy))
            } else {
                change.unmatchedPolicy = policy
            }
            _ = try await stores.workspaces.createWorkspace(id: workspace.id, change, as: .administrator)
            counts.workspaces += 1
        }
        for (id, policy) in fallbacks {
            var change = WorkspaceChange()
            change.unmatchedPolicy = policy
            _ = try await stores.workspaces.changeWorkspace(id, change, as: .administrator)
        }
        for agreement in file.agreements {
            let isNew = try await stores.agreements.grant(
                RoutingAgreement(
                    receivingWorkspaceID: agreement.receivingWorkspaceId,
                    sendingWorkspaceID: agreement.sendingWorkspaceId
                ),
                as: .administrator
            )
            if isNew { counts.agreements += 1 }
        }
        for rule in file.rules {
            guard try await stores.rules.rule(rule.id, as: .administrator) == nil else { continue }
            var change = RuleChange()
            change.name = rule.name
            change.priority = rule.priority
            change.isActive = rule.isActive
            change.conditions = rule.conditions
            change.destinationWorkspaceID = rule.destinationWorkspaceId
            if let distribution = rule.distribution { change.distribution = .some(Distribution(distribution)) }
            _ = try await stores.rules.createRule(id: rule.id, owner: rule.workspaceId, change, as: .administrator)
            counts.rules += 1
        }
        return counts
    }

    /// The demo's key: the one that is kept beside the embedded database, or a new one if that no longer works.
    package static func access(session: DatabaseSession) async throws -> DemoAccess? {
        let stores = session.stores
        let file = session.settings.directory + "/demo-key"
        let names = try DemoFile.builtIn().workspaces.map(\.id)
        let present = try await stores.workspaces.workspaces(as: .administrator)
        guard let workspace = present.first(where: { names.contains($0.workspace.id) })?.workspace else { return nil }
        if let data = FileManager.default.contents(atPath: file) {
            let text = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).first
                .map(String.init)
            if let text, let token = APIKeyToken(text), let key = try await stores.keys.key(for: token) {
                let owner = present.first { $0.workspace.id == key.workspaceID }?.workspace.name ?? "administrators"
                return DemoAccess(token: text, workspaceName: owner, file: file)
            }
        }
        let token = APIKeyToken.random()
        _ = try await stores.keys.createKey(
            token,
            id: UUID.new(),
            workspaceID: workspace.id,
            name: "demo",
            scopes: KeyScopes.defaults(isAdministrator: false)
        )
        try PrivateFile.write(token.text + "\n", to: file)
        return DemoAccess(token: token.text, workspaceName: workspace.name, file: file)
    }
}
