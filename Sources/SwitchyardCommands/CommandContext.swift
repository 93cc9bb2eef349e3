import ArgumentParser
package import SwitchyardServer

/// The environment of a command: its output, and the variables for its settings.
///
/// The argument parser creates commands from arguments only, so this is passed through the task. Tests run a command in
/// their own context.
package struct CommandContext: Sendable {
    /// The context of the command that runs in this task.
    @TaskLocal package static var current = CommandContext()

    /// The output.
    package var terminal = Terminal.process
    /// The variables for the settings; nil for the process's environment, and `.env` if it exists.
    package var variables: [String: String]?

    /// The context of the process.
    package init() {}

    /// Reads the settings.
    ///
    /// - Throws: `SettingsError` naming the invalid variable.
    package func settings() throws -> Settings {
        if let variables { return try Settings(variables: variables) }
        return try Settings.load()
    }
}

extension ParsableArguments {
    /// The output of this command.
    var terminal: Terminal { CommandContext.current.terminal }
}
