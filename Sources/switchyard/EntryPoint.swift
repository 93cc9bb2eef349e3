import ArgumentParser
import SwitchyardCommands

/// Where the program begins; everything else is in libraries.
@main
enum EntryPoint {
    static func main() async { await Switchyard.main() }
}
