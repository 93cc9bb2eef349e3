/// The durability and size of a cluster.
package struct ClusterSettings: Sendable, Hashable {
    /// Whether a commit survives a power cut; false is for clusters that tests throw away.
    package var isDurable: Bool

    /// The most connections that the server admits.
    package var maximumConnections: Int

    /// Shared memory for pages, in MB; nil takes a quarter of the memory, 64 to 8,192.
    package var sharedBuffers: Int?

    /// Additional lines of postgresql.conf; they override all others.
    package var more: [String]

    /// Creates settings.
    package init(
        isDurable: Bool = true,
        maximumConnections: Int = 100,
        sharedBuffers: Int? = nil,
        more: [String] = []
    ) {
        self.isDurable = isDurable
        self.maximumConnections = maximumConnections
        self.sharedBuffers = sharedBuffers
        self.more = more
    }

    /// For production data.
    package static let durable = ClusterSettings()
}
