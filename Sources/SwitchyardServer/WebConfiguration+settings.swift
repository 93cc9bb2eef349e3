import Logging
import Web

extension WebConfiguration {
    /// The address to listen on, and as many connections as the process may open.
    ///
    /// - Throws: `CommandError` if that is too few, or the files for TLS cannot be used.
    init(_ settings: Settings, logger: Logger) throws {
        self.init(host: settings.host, port: settings.port, trustedProxies: settings.trustedProxies)
        cors = settings.cors
        if let tls = settings.tls {
            do {
                certificate = try ServerCertificate(certificate: tls.certificate, key: tls.key)
            } catch {
                throw CommandError(
                    "TLS is not possible: \(error.description).",
                    remedy:
                        "TLS_CERTIFICATE_FILE and TLS_KEY_FILE must be PEM files that belong together; the key has no password."
                )
            }
        }
        let usual = limits.connections
        let limit = DescriptorLimit.raise()
        limits.connections = try DescriptorLimit.connections(
            limit: limit,
            usual: usual,
            database: settings.databaseConnections
        )
        guard limits.connections < usual else { return }
        logger.warning(
            "the limit of open files reduces the number of connections",
            metadata: [
                "connections": "\(limits.connections)", "files": "\(limit)",
                "remedy": "ulimit -Hn 8192, or LimitNOFILE=8192 in a systemd unit",
            ]
        )
    }
}
