import FoundationEssentials

/// One SQL file, sorted by the folder it lies in.
struct SQLFile {
    let kind: Kind
    let path: String
    let text: String

    /// What the file is for.
    enum Kind: Equatable {
        case migration(version: String, name: String)
        case rollback(version: String)
        case online(version: String)
        case verification
    }

    init(path: String) throws {
        self.path = path
        let parts = path.split(separator: "/")
        let file = parts.last.map(String.init) ?? path
        let stem = file.hasSuffix(".sql") ? String(file.dropLast(4)) : file
        switch parts.dropLast().last {
        case "migrations":
            let version = String(stem.prefix { $0.isASCII && $0.isNumber })
            guard version.count == 14, stem.dropFirst(14).first == "_" else {
                throw EmbeddingError("\(path): error: a migration is named by fourteen digits, _ and a name")
            }
            kind = .migration(version: version, name: String(stem.dropFirst(15)))
        case "rollbacks":
            let numbers = stem.split { !($0.isASCII && $0.isNumber) }
            guard let version = numbers.first(where: { $0.count == 14 }) else {
                throw EmbeddingError(
                    "\(path): error: the name of a rollback holds the fourteen digits of its migration"
                )
            }
            kind = .rollback(version: String(version))
        case "online":
            kind = .online(version: stem)
        default:
            kind = .verification
        }
        guard let text = String(bytes: try Data(contentsOf: URL(filePath: path)), encoding: .utf8) else {
            throw EmbeddingError("\(path): error: not UTF-8")
        }
        guard !text.unicodeScalars.contains(where: { $0 == "\0" || $0 == "\r" }) else {
            throw EmbeddingError("\(path): error: holds a NUL or a carriage return")
        }
        self.text = text
    }
}
