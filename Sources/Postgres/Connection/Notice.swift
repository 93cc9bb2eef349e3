/// A message that the server sent beside its answers, such as `RAISE NOTICE` writes.
///
/// Its text may hold values: the connection's observer receives it, and this module never logs it.
package struct Notice: Sendable, Hashable {
    /// `NOTICE`, `WARNING`, `INFO`, `LOG` or `DEBUG`.
    package let severity: String
    /// Its SQLSTATE.
    package let sqlState: String
    /// The server's text.
    package let message: String
}

/// A notification sent by NOTIFY.
package struct Notification: Sendable, Hashable {
    /// The channel.
    package let channel: String
    /// The payload, empty if there was none.
    package let payload: String
}
