import FoundationEssentials

/// Writes a Swift file that holds the texts of SQL files: `embed-migrations OUTPUT FILE…`.
///
/// Files in a folder `migrations` are named VERSION_name.sql; those in `rollbacks` have the version somewhere in their
/// name; those in `online` are named by it; any other is the verification.
@main
struct EmbedMigrations {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "--examples" { return try embedExamples(Array(arguments.dropFirst())) }
        guard let output = arguments.first else { throw EmbeddingError("Usage: embed-migrations OUTPUT FILE…") }
        let files = try arguments.dropFirst().map { try SQLFile(path: $0) }
        let text = try SwiftText.file(files)
        try Data(text.utf8).write(to: URL(filePath: output), options: .atomic)
    }
}

extension EmbedMigrations {
    /// Writes a Swift file that holds the demo's workspaces: `embed-migrations --examples OUTPUT FILE`.
    private static func embedExamples(_ paths: [String]) throws {
        guard paths.count == 2 else { throw EmbeddingError("Usage: embed-migrations --examples OUTPUT FILE") }
        guard let json = String(bytes: try Data(contentsOf: URL(filePath: paths[1])), encoding: .utf8) else {
            throw EmbeddingError("\(paths[1]): error: not UTF-8")
        }
        let text = """
            // Made by embed-migrations from Examples/workspaces.json; edit that.
            enum EmbeddedExamples {
            static let workspaces: String = \(SwiftText.literal(json))
            }

            """
        try Data(text.utf8).write(to: URL(filePath: paths[0]), options: .atomic)
    }
}

/// What is wrong with the files, as one line in the build's output.
struct EmbeddingError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
