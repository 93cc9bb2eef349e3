/// What this build calls itself.
enum Version {
    /// The version, as in CHANGELOG.md.
    static let current = "0.1.0"
}
