import ArgumentParser
package import SwitchyardServer

/// What a command takes from the process that runs it: where it writes, and the variables that settings are read from.
///
/// The argument parser makes commands out of arguments alone, so this comes with the task. Tests run a command in a
/// context of their own.
package struct CommandContext: Sendable {
    /// The context of the command that runs in this task.
    @TaskLocal package static var current = CommandContext()

    /// Where the command writes.
    package var terminal = Terminal.process
    /// The variables that settings are read from; nil: the process's environment, and `.env` where there is one.
    package var variables: [String: String]?

    /// The process's own.
    package init() {}

    /// Reads the settings.
    ///
    /// - Throws: `SettingsError` naming the variable whose value cannot be used.
    package func settings() throws -> Settings {
        if let variables { return try Settings(variables: variables) }
        return try Settings.load()
    }
}

extension ParsableArguments {
    /// Where this command writes.
    var terminal: Terminal { CommandContext.current.terminal }
}
