package import ArgumentParser
import SwitchyardServer

/// The `switchyard` command.
package struct Switchyard: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "switchyard",
        abstract: "Routes each lead to exactly one destination, and records why.",
        discussion: """
            Uses the PostgreSQL that DATABASE_URL names, or an embedded one in .switchyard/ when it is \
            unset. See docs/ for the manual.
            """,
        version: Version.current,
        subcommands: [
            Serve.self, Migrate.self, Import.self, Route.self, Explain.self, Why.self, Retry.self, Pause.self,
            Resume.self,
            Suspend.self, Lift.self, Rules.self, Jobs.self, Stats.self, Alerts.self, Retain.self, Erase.self, Keys.self,
            Users.self, Audit.self, DatabaseURL.self, Doctor.self, Demo.self,
        ]
    )

    package init() {}
}
