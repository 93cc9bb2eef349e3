/// What NOTIFY sent.
package struct Notification: Sendable, Hashable {
    /// The channel.
    package let channel: String
    /// The payload, empty if there was none.
    package let payload: String
}
