import FoundationEssentials
import Glibc

/// Writes a Swift file that holds the texts of other files.
///
/// - `embed-files texts OUTPUT FILE…`: each file as a constant of `enum Embedded`.
/// - `embed-files migrations OUTPUT PATH…`: the SQL files of `supabase/` as `enum EmbeddedSQL`; a folder stands for the
///   SQL files in it.
@main
struct EmbedFiles {
    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            print(error)
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) throws {
        guard arguments.count >= 2 else { throw EmbeddingError("Usage: embed-files texts|migrations OUTPUT PATH…") }
        let paths = arguments.dropFirst(2)
        switch arguments[0] {
        case "texts":
            try write(EmbeddedSource.swift(paths.map { try TextFile(path: $0) }), to: arguments[1])
        case "migrations":
            let files = try paths.flatMap(sqlFiles(at:)).map { try MigrationFile(TextFile(path: $0)) }
            try write(MigrationSource.swift(files), to: arguments[1])
        default:
            throw EmbeddingError("\(arguments[0]): neither texts nor migrations")
        }
    }

    /// The SQL files of a folder by name, or the file itself.
    private static func sqlFiles(at path: String) throws -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [path] }
        return names.filter { $0.hasSuffix(".sql") }.sorted().map { path + "/" + $0 }
    }

    /// Does not rewrite a file that holds the text already, so that nothing is recompiled.
    private static func write(_ text: String, to path: String) throws {
        let url = URL(filePath: path)
        let data = Data(text.utf8)
        if let present = try? Data(contentsOf: url), present == data { return }
        try data.write(to: url, options: .atomic)
    }
}

/// What is wrong with the files, as one line in the build's output.
struct EmbeddingError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
