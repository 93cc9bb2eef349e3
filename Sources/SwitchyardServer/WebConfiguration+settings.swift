import Logging
import Web

extension WebConfiguration {
    /// The address to listen on, and as many connections as the process may open.
    ///
    /// - Throws: `CommandError` if that is too few.
    init(_ settings: Settings, logger: Logger) throws {
        self.init(host: settings.host, port: settings.port, trustedProxies: settings.trustedProxies)
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
