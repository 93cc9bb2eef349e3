import ArgumentParser
import SwitchyardServer

/// The form of a command's output.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON, for programs.")
    var json = false

    /// Prints a table as text or JSON.
    func print(_ table: TextTable, to terminal: Terminal) {
        terminal.output(json ? table.json : table.text)
    }
}
