import Glibc

/// The folder of the server's socket: private, and with a path short enough for a socket.
enum SocketDirectory {
    /// The number in the socket's name; no network port is involved.
    static let port = 5432

    /// The longest path of a unix socket, in bytes.
    static let longestPath = 107

    /// Creates the folder: in the cluster's directory, or in a short one if that path is too long or has unsupported
    /// characters.
    static func prepare(_ place: ClusterPlace, environment: [String: String]) throws -> String {
        let inside = place.root + "/socket"
        if fits(inside) {
            try Files.makeDirectory(inside, mode: 0o700)
            try Files.give(inside, to: place.account)
            return inside
        }
        let name = "switchyard-\(PathHash.text(of: place.root))"
        for base in bases(environment) {
            for suffix in ["", "-2", "-3"] {
                let directory = "\(base)/\(name)\(suffix)"
                guard fits(directory) else { continue }
                if mkdir(directory, 0o700) == 0 {
                    try Files.give(directory, to: place.account)
                    return directory
                }
                // Any user may create a folder of this name in /tmp: it must belong to the account, and be closed to
                // others.
                if errno == EEXIST, let status = Files.status(directory), status.st_mode & S_IFMT == S_IFDIR,
                    status.st_uid == place.account.userID, status.st_mode & 0o077 == 0
                {
                    return directory
                }
            }
        }
        throw EmbeddedPostgresError(
            .directory,
            "There is no folder for the server's socket: \(inside) is too long, and /tmp cannot be written."
        )
    }

    /// Whether libpq and the kernel accept a socket in this folder: libpq separates folders by commas.
    static func fits(_ directory: String) -> Bool {
        let plain = directory.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return plain && directory.utf8.count + "/.s.PGSQL.\(port)".utf8.count <= longestPath
    }

    private static func bases(_ environment: [String: String]) -> [String] {
        geteuid() == 0 ? ["/run", "/tmp"] : [environment["XDG_RUNTIME_DIR"], "/tmp"].compactMap { $0 }
    }
}
