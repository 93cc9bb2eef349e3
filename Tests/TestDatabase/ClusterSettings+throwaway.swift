package import EmbeddedPostgres

extension ClusterSettings {
    /// For tests: quick, small, and lost when the machine goes down.
    package static let throwaway = ClusterSettings(isDurable: false, maximumConnections: 200, sharedBuffers: 64)
}
