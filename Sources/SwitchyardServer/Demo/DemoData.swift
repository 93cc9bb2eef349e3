import FoundationEssentials
package import LeadRouting
import LeadStore
import RoutingRules

/// The demo's key and workspace.
package struct DemoAccess: Sendable {
    /// The key's token.
    package let token: String
    /// The key's workspace.
    package let workspaceName: String
    /// The file that holds the token.
    package let file: String
}

/// The demo's workspaces, rules and key.
package enum DemoData {
    /// Loads the demo into an empty database, and returns its key; nil without a demo.
    ///
    /// Unless SWITCHYARD_DEMO is set, only the embedded PostgreSQL gets the demo, so that starting a server does not
    /// fill a user's database.
    ///
    /// - Throws: `CommandError`.
    static func loadIfWanted(session: DatabaseSession, _ useCases: UseCases) async throws -> DemoAccess? {
        let wanted = session.settings.demo ?? (session.settings.databaseURL == nil)
        guard wanted else { return nil }
        do {
            if try await useCases.workspaces.list(as: .commandLine).isEmpty {
                session.terminal.error("Loading demo workspaces and rules …")
                try await load(DemoFile.builtIn(), into: useCases)
            }
            return try await access(session: session, useCases)
        } catch let error as RequestError {
            throw CommandError(error)
        }
    }

    /// Loads workspaces, agreements and rules; existing objects with the same id are not changed.
    ///
    /// - Returns: how many of each were new.
    @discardableResult
    package static func load(
        _ file: DemoFile,
        into useCases: UseCases
    ) async throws -> (workspaces: Int, agreements: Int, rules: Int) {
        var counts = (workspaces: 0, agreements: 0, rules: 0)
        var fallbacks: [(UUID, UnmatchedPolicy)] = []
        let workspaces = Set(try await useCases.workspaces.list(as: .commandLine).map(\.workspace.id))
        for workspace in file.workspaces where !workspaces.contains(workspace.id) {
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
            _ = try await useCases.workspaces.create(id: workspace.id, change, as: .commandLine)
            counts.workspaces += 1
        }
        for (id, policy) in fallbacks {
            var change = WorkspaceChange()
            change.unmatchedPolicy = policy
            _ = try await useCases.workspaces.change(id, change, as: .commandLine)
        }
        for agreement in file.agreements {
            let (_, isNew) = try await useCases.agreements.grant(
                RoutingAgreement(
                    receivingWorkspaceID: agreement.receivingWorkspaceId,
                    sendingWorkspaceID: agreement.sendingWorkspaceId
                ),
                as: .commandLine
            )
            if isNew { counts.agreements += 1 }
        }
        let rules = Set(try await useCases.rules.list(of: nil, as: .commandLine).map(\.rule.id))
        for rule in file.rules where !rules.contains(rule.id) {
            var change = RuleChange()
            change.name = rule.name
            change.priority = rule.priority
            change.isActive = rule.isActive
            change.conditions = rule.conditions
            change.destinationWorkspaceID = rule.destinationWorkspaceId
            if let distribution = rule.distribution { change.distribution = .some(Distribution(distribution)) }
            _ = try await useCases.rules.create(id: rule.id, owner: rule.workspaceId, change, as: .commandLine)
            counts.rules += 1
        }
        return counts
    }

    /// The demo's key: the one stored beside the embedded database, or a new one if that no longer works.
    ///
    /// - Throws: `RequestError`; `CommandError` if the key's file cannot be written.
    package static func access(session: DatabaseSession, _ useCases: UseCases) async throws -> DemoAccess? {
        let file = session.settings.directory + "/demo-key"
        let names = try DemoFile.builtIn().workspaces.map(\.id)
        let present = try await useCases.workspaces.list(as: .commandLine).map(\.workspace)
        guard let workspace = present.first(where: { names.contains($0.id) }) else { return nil }
        if let data = FileManager.default.contents(atPath: file) {
            let text = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).first
                .map(String.init)
            if let text, let key = try await useCases.callers.caller(of: text) {
                let owner = present.first { $0.id == key.workspaceID }?.name ?? "administrators"
                return DemoAccess(token: text, workspaceName: owner, file: file)
            }
        }
        let (_, token) = try await useCases.keys.create(for: workspace.id, name: "demo", as: .commandLine)
        try PrivateFile.write(token + "\n", to: file)
        return DemoAccess(token: token, workspaceName: workspace.name, file: file)
    }
}
