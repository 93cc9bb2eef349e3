/// How safe and how large a cluster is.
package struct ClusterSettings: Sendable, Hashable {
    /// Whether a commit survives a power cut; false is for clusters that tests throw away.
    package var isDurable: Bool

    /// The most connections that the server admits.
    package var maximumConnections: Int

    /// Shared memory for pages, in MB; nil takes a quarter of the memory, 64 to 8,192.
    package var sharedBuffers: Int?

    /// Settings of one's own, as lines of postgresql.conf; they win over all others.
    package var more: [String]

    /// Settings, given one by one.
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

    /// For data that matters.
    package static let durable = ClusterSettings()

    /// For tests: quick, small, and lost when the machine goes down.
    package static let throwaway = ClusterSettings(isDurable: false, maximumConnections: 200, sharedBuffers: 64)
}
