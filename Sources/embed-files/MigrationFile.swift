/// An SQL file of `supabase/`.
///
/// Files in a folder `migrations` are named VERSION_name.sql; those in `rollbacks` have the version somewhere in their
/// name; those in `online` are named by it; any other is the verification.
struct MigrationFile {
    let kind: Kind
    let file: TextFile

    /// What the file is for.
    enum Kind: Equatable {
        case migration(version: String, name: String)
        case rollback(version: String)
        case online(version: String)
        case verification
    }

    init(_ file: TextFile) throws {
        self.file = file
        let stem = file.stem
        switch file.path.split(separator: "/").dropLast().last {
        case "migrations":
            let version = String(stem.prefix { $0.isASCII && $0.isNumber })
            guard version.count == 14, stem.dropFirst(14).first == "_" else {
                throw EmbeddingError("\(file.path): error: a migration is named by fourteen digits, _ and a name")
            }
            kind = .migration(version: version, name: String(stem.dropFirst(15)))
        case "rollbacks":
            let numbers = stem.split { !($0.isASCII && $0.isNumber) }
            guard let version = numbers.first(where: { $0.count == 14 }) else {
                throw EmbeddingError(
                    "\(file.path): error: the name of a rollback holds the fourteen digits of its migration"
                )
            }
            kind = .rollback(version: String(version))
        case "online":
            kind = .online(version: stem)
        default:
            kind = .verification
        }
    }
}
