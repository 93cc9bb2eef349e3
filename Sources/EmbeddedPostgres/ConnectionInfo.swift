/// How to connect to an embedded server.
package struct ConnectionInfo: Sendable, Hashable {
    /// The name of the database, and of the role that owns it and is no superuser.
    package static let name = "switchyard"

    /// The role of the cluster's administrator, a superuser; the server and its commands do not use it.
    package static let administrator = "postgres"

    /// The folder of the unix socket.
    package let socketDirectory: String

    /// The number in the socket's name; no network port is opened.
    package let port: Int

    /// The process id of the server.
    package let serverProcess: Int32

    /// Whether this process started the server, and so stops it.
    package let isOurs: Bool

    /// The connection string for libpq; holds no secret.
    package var connectionString: String { connectionString(database: Self.name, role: Self.name) }

    /// The connection string for another database of the cluster, or another role.
    package func connectionString(database: String = ConnectionInfo.name, role: String = ConnectionInfo.name) -> String
    {
        "host=\(Self.quoted(socketDirectory)) port=\(port) user=\(role) dbname=\(Self.quoted(database))"
    }

    private static func quoted(_ value: String) -> String {
        let escaped = value.flatMap { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }
        return "'\(String(escaped))'"
    }
}
