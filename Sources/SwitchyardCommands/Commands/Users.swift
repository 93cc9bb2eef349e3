import ArgumentParser
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Lists, invites and disables users with a password, gives them roles, and resets their passwords.
struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, invite and disable users, give them roles, and reset their passwords.",
        discussion: """
            A user is invited with an email address, and gets a link that sets a password, once. Nothing is sent: pass the link on \
            yourself.
            """,
        subcommands: [List.self, Invite.self, GiveRole.self, Disable.self, Enable.self, Reset.self],
        defaultSubcommand: List.self
    )

    private static let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")

    /// Reads a role.
    fileprivate static func role(_ text: String) throws -> Role {
        guard let role = Role(rawValue: text) else {
            throw ValidationError("The role “\(text)” does not exist. Use one of \(roles).")
        }
        return role
    }
}

/// Where the server is, for links.
struct LinkOptions: ParsableArguments {
    @Option(help: "The server's address, such as https://leads.example.com. Default: of HOST and PORT.")
    var url: String?

    /// The address of the page that a link opens.
    func address(of link: String, _ settings: Settings) -> String {
        var base = url ?? settings.localAddress
        while base.hasSuffix("/") { base.removeLast() }
        return "\(base)/link#\(link)"
    }
}

extension Users {
    /// Lists the users.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the users.")

        func run() async throws {
            try await withUseCases { useCases, _ in
                var table = TextTable(["EMAIL", "ID", "SECOND FACTOR", "LAST SEEN", "STATE"])
                for user in try await useCases.users.list(as: .commandLine) {
                    table.add([
                        user.email,
                        user.id.text,
                        user.hasSecondFactor ? "yes" : "no",
                        user.lastUsedAt.map { "\($0)" } ?? "never",
                        user.disabledAt != nil ? "disabled" : user.hasPassword ? "active" : "invited",
                    ])
                }
                terminal.output(table.text)
            }
        }
    }

    /// Invites a user, and prints the link.
    struct Invite: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Invite a user, and print the link that sets the user's password, only once."
        )

        @Argument(help: "The user's email address.")
        var email: String

        @Option(help: "The workspace that the user joins, by id or name.")
        var workspace: String?

        @Option(help: "The role in the workspace: owner, admin, member, viewer or partner.")
        var role: String = "member"

        @Flag(name: .customLong("administrator"), help: "A platform administrator, who may do everything.")
        var isAdministrator = false

        @OptionGroup var link: LinkOptions

        func validate() throws {
            _ = try Users.role(role)
            guard (workspace != nil) != isAdministrator else {
                throw ValidationError("Give --workspace and its name or id, or --administrator.")
            }
        }

        func run() async throws {
            let role = try Users.role(role)
            try await withUseCases { useCases, session in
                let invited: UserRequests.Invited
                if let workspace {
                    let place = try await useCases.workspaces.find(named: workspace, as: .commandLine).workspace
                    invited = try await useCases.users.invite(email, to: place.id, as: role, by: .commandLine)
                } else {
                    invited = try await useCases.users.inviteAdministrator(email, by: .commandLine)
                }
                guard let token = invited.link else {
                    terminal.output("\(invited.email) has a password, and is \(invited.role ?? "no member") now.")
                    return
                }
                terminal.output(link.address(of: token, session.settings))
                terminal.error(
                    """
                    Invited \(invited.email) as \(invited.role ?? "a user without a workspace").
                    Pass the link on: it is shown only once, works once, and ends in 7 days.
                    """
                )
            }
        }
    }

    /// Changes a user's role in a workspace, or removes the user.
    struct GiveRole: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "role",
            abstract: "Change a member's role in a workspace, or remove the member."
        )

        @Argument(help: "The user's email address or id.")
        var user: String

        @Argument(help: "The role, or none to remove the member.")
        var role: String

        @Option(help: "The workspace, by id or name.")
        var workspace: String

        func validate() throws { if role != "none" { _ = try Users.role(role) } }

        func run() async throws {
            let role = self.role == "none" ? nil : try Users.role(self.role)
            try await withUseCases { useCases, _ in
                let found = try await useCases.users.find(user, as: .commandLine)
                let place = try await useCases.workspaces.find(named: workspace, as: .commandLine).workspace
                guard let role else {
                    try await useCases.members.remove(found.id, of: place.id, by: .commandLine)
                    terminal.output("Removed \(found.email) from \(place.name).")
                    return
                }
                _ = try await useCases.members.change(found.id, of: place.id, to: role, by: .commandLine)
                terminal.output("\(found.email) is \(role.rawValue) of \(place.name).")
            }
        }
    }

    /// Disables a user.
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Disable a user, which ends all of the user's sessions."
        )

        @Argument(help: "The user's email address or id.")
        var user: String

        func run() async throws {
            try await withUseCases { useCases, _ in
                let found = try await useCases.users.find(user, as: .commandLine)
                _ = try await useCases.users.setDisabled(true, found.id, by: .commandLine)
                terminal.output("Disabled \(found.email). Servers end the user's sessions within a second.")
            }
        }
    }

    /// Enables a user again.
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Enable a disabled user again.")

        @Argument(help: "The user's email address or id.")
        var user: String

        func run() async throws {
            try await withUseCases { useCases, _ in
                let found = try await useCases.users.find(user, as: .commandLine)
                _ = try await useCases.users.setDisabled(false, found.id, by: .commandLine)
                terminal.output("Enabled \(found.email), who has to sign in again.")
            }
        }
    }

    /// Makes a link by which a user sets a new password.
    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a link by which a user sets a new password, only once."
        )

        @Argument(help: "The user's email address or id.")
        var user: String

        @Flag(name: .customLong("second-factor"), help: "Remove the second factor too, of a user who has lost it.")
        var removesSecondFactor = false

        @OptionGroup var link: LinkOptions

        func run() async throws {
            try await withUseCases { useCases, session in
                let found = try await useCases.users.find(user, as: .commandLine)
                let token = try await useCases.users.reset(
                    found.id,
                    removesSecondFactor: removesSecondFactor,
                    by: .commandLine
                )
                terminal.output(link.address(of: token, session.settings))
                terminal.error(
                    "Pass the link on to \(found.email): it is shown only once, works once, and ends in a day."
                )
            }
        }
    }
}
