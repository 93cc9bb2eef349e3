import Addresses
import ArgumentParser
import FoundationEssentials
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Creates, lists, rolls and revokes API keys.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create, list, roll and revoke API keys.",
        subcommands: [Create.self, List.self, Roll.self, Revoke.self],
        defaultSubcommand: List.self
    )
}

extension Keys {
    /// Creates a key and shows its token, once.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create a key and print its token, only once.")

        private static let scopeNames = Scope.allCases.map(\.rawValue).joined(separator: ", ")

        @Option(help: "The workspace of the key, by id or name.")
        var workspace: String?

        @Flag(name: .customLong("administrator"), help: "An administrator's key, with all scopes.")
        var isForAdministrator = false

        @Option(help: "Its name.")
        var name: String = "key"

        @Option(
            name: .customLong("scope"),
            parsing: .singleValue,
            help: """
                What it may do; repeatable. Default: all that its kind may, but a workspace's key may not erase people or make keys. One of \
                \(scopeNames).
                """
        )
        var scopes: [String] = []

        @Flag(name: .customLong("test"), help: "A test key: its leads are decided, and routed nowhere.")
        var isTest = false

        @Option(
            name: .customLong("allow"),
            parsing: .singleValue,
            help: "An address or network from which it may be used, such as 192.0.2.0/24; repeatable. Default: all."
        )
        var networks: [String] = []

        @Option(help: "Days until it expires.")
        var days: Int?

        func validate() throws {
            for network in networks where IPNetwork(network) == nil {
                throw ValidationError("“\(network)” is no address or network, such as 192.0.2.1 or 2001:db8::/32.")
            }
            guard (workspace != nil) != isForAdministrator else {
                throw ValidationError("Give --workspace and its name or id, or --administrator.")
            }
            for scope in scopes where Scope(rawValue: scope) == nil {
                throw ValidationError("The scope “\(scope)” does not exist. Use one of \(Self.scopeNames).")
            }
            if let days, days < 1 { throw ValidationError("--days must be 1 or more.") }
        }

        func run() async throws {
            try await withUseCases { useCases, _ in
                var owner: Workspace?
                if let workspace {
                    owner = try await useCases.workspaces.find(named: workspace, as: .commandLine).workspace
                }
                let (key, token) = try await useCases.keys.create(
                    for: owner?.id,
                    name: name,
                    scopes: scopes.isEmpty ? nil : scopes.compactMap(Scope.init),
                    isTest: isTest,
                    networks: networks.compactMap { IPNetwork($0) },
                    days: days,
                    as: .commandLine
                )
                terminal.output(token)
                terminal.error(
                    """
                    \(key.isTest ? "Test key" : "Key") \(key.prefix) for \(owner?.name ?? "administrators"), scopes \(key.scopes.joined(separator: ", ")).
                    Keep the token: it is shown only once.
                    """
                )
            }
        }
    }

    /// Lists the keys, without their secrets.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys, without their secrets.")

        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await withUseCases(onlyReads: true) { useCases, _ in
                let names = try await useCases.workspaces.names(as: .commandLine)
                var table = TextTable(["PREFIX", "NAME", "WORKSPACE", "SCOPES", "LAST USED", "FROM", "STATE"])
                for key in try await useCases.keys.list(as: .commandLine) {
                    table.add([
                        key.prefix,
                        key.name,
                        key.workspaceID.map { names[$0] ?? $0.text } ?? "(administrator)",
                        key.scopes.joined(separator: " "),
                        key.lastUsedAt.map { "\($0)" } ?? "never",
                        key.lastUsedAddress?.description ?? "–",
                        (key.isTest ? "test, " : "")
                            + (key.revokedAt != nil ? "revoked" : key.expiresAt.map { "until \($0)" } ?? "in use"),
                    ])
                }
                output.print(table, to: terminal)
            }
        }
    }

    /// Replaces a key by a new one with the same rights, and shows its token, once.
    struct Roll: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replace a key by a new one with the same rights, and print its token, only once."
        )

        @Argument(help: "The key's prefix (the eight characters after swy_live_ or swy_test_) or its id.")
        var key: String

        @Option(name: .customLong("overlap-hours"), help: "For how many hours the old key stays valid; 0 ends it now.")
        var overlapHours: Int = 24

        @Option(help: "Days until the new key expires. Default: as many as the old one had.")
        var days: Int?

        func validate() throws {
            guard 0...KeyRequests.longestOverlap / 3600 ~= overlapHours else {
                throw ValidationError("--overlap-hours must be 0 to \(KeyRequests.longestOverlap / 3600).")
            }
            if let days, days < 1 { throw ValidationError("--days must be 1 or more.") }
        }

        func run() async throws {
            try await withUseCases { useCases, _ in
                let (new, token) = try await useCases.keys.roll(
                    key,
                    overlap: overlapHours * 3600,
                    days: days,
                    as: .commandLine
                )
                terminal.output(token)
                terminal.error(
                    """
                    Key \(new.prefix) (\(new.name)) replaces the old one, which ends in \(overlapHours) h.
                    Keep the token: it is shown only once.
                    """
                )
            }
        }
    }

    /// Revokes a key permanently.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a key permanently.")

        @Argument(help: "The key's prefix (the eight characters after swy_live_ or swy_test_) or its id.")
        var key: String

        func run() async throws {
            try await withUseCases { useCases, _ in
                let revoked: APIKey
                do {
                    revoked = try await useCases.keys.revoke(key, as: .commandLine)
                } catch RequestError.notFound(let text) {
                    throw CommandError(text, remedy: "`switchyard keys list` shows the prefixes.")
                }
                terminal.output(
                    "Revoked \(revoked.prefix) (\(revoked.name)). Servers stop accepting it within a second."
                )
            }
        }
    }
}
