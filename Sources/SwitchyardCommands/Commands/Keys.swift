import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import Postgres
import RoutingRules
import SwitchyardServer

/// Makes, lists and revokes API keys.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create, list and revoke API keys.",
        subcommands: [Create.self, List.self, Revoke.self],
        defaultSubcommand: List.self
    )
}

extension Keys {
    /// Makes a key and shows its token, once.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create a key and print its token, only once.")

        @Option(help: "The workspace of the key, by id or name.")
        var workspace: String?

        @Flag(name: .customLong("administrator"), help: "An administrator's key, which may do everything.")
        var isForAdministrator = false

        @Option(help: "Its name.")
        var name: String = "key"

        @Option(
            name: .customLong("scope"),
            parsing: .singleValue,
            help: """
                What it may do; repeatable. Default: all that its kind may, but a workspace's key may not erase people. One of \
                \(KeyScopes.names).
                """
        )
        var scopes: [String] = []

        @Option(help: "Days until it expires.")
        var days: Int?

        func validate() throws {
            guard (workspace != nil) != isForAdministrator else {
                throw ValidationError("Give --workspace and its name or id, or --administrator.")
            }
            for scope in scopes where !KeyScopes.all.contains(scope) {
                throw ValidationError("There is no scope “\(scope)”. Use one of \(KeyScopes.names).")
            }
            if let days, days < 1 { throw ValidationError("--days must be 1 or more.") }
        }

        func run() async throws {
            try await withDatabase { session in
                let stores = session.stores
                var owner: WorkspaceRecord?
                if let workspace { owner = try await stores.workspaces.workspace(named: workspace) }
                let granted = scopes.isEmpty ? KeyScopes.defaults(isAdministrator: owner == nil) : scopes
                let token = APIKeyToken.random()
                let now = try await stores.schedule.databaseTime()
                let key = try await stores.keys.createKey(
                    token,
                    id: UUID.new(),
                    workspaceID: owner?.workspace.id,
                    name: name,
                    scopes: granted,
                    expiresAt: days.map {
                        Timestamp(
                            microsecondsSinceUnixEpoch: now.microsecondsSinceUnixEpoch + Int64($0) * 86_400_000_000
                        )
                    }
                )
                terminal.output(token.text)
                terminal.error(
                    """
                    Key \(key.prefix) for \(owner?.workspace.name ?? "administrators"), scopes \(granted.joined(separator: ", ")).
                    Keep the token: it is shown only once.
                    """
                )
            }
        }
    }

    /// Lists the keys, without their secrets.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys, without their secrets.")

        func run() async throws {
            try await withDatabase { session in
                let names = try await session.stores.workspaces.workspaceNames()
                var table = TextTable(["PREFIX", "NAME", "WORKSPACE", "SCOPES", "LAST USED", "STATE"])
                for key in try await session.stores.keys.keys() {
                    table.add([
                        key.prefix,
                        key.name,
                        key.workspaceID.map { names[$0] ?? $0.text } ?? "(administrator)",
                        key.scopes.joined(separator: " "),
                        key.lastUsedAt.map { "\($0)" } ?? "never",
                        key.revokedAt != nil ? "revoked" : key.expiresAt.map { "until \($0)" } ?? "in use",
                    ])
                }
                terminal.output(table.text)
            }
        }
    }

    /// Revokes a key, at once and for good.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a key permanently.")

        @Argument(help: "The key's prefix (the eight characters after sw_) or its id.")
        var key: String

        func run() async throws {
            try await withDatabase { session in
                guard let revoked = try await session.stores.keys.revokeKey(key) else {
                    throw CommandError(
                        "There is no key “\(key)” in use.",
                        remedy: "`switchyard keys list` shows the prefixes."
                    )
                }
                terminal.output(
                    "Revoked \(revoked.prefix) (\(revoked.name)). Servers stop accepting it within ten seconds."
                )
            }
        }
    }
}
