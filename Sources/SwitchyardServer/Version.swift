/// What this build calls itself.
package enum Version {
    /// The version, as in CHANGELOG.md.
    package static let current = "0.1.0"
}
